"""Writes fitted encoders and learners as an ONNX graph."""
