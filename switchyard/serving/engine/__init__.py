"""Loaded models: sessions, batching, and the gallery beside a graph."""
