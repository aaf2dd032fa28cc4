"""The endpoint: Open Inference Protocol v2 over a model repository."""
