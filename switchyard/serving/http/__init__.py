"""The HTTP server: application, endpoints, limits and metrics."""
