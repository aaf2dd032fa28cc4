"""Candidates: how each is fitted, tuned and turned into one ONNX file."""
