"""Writes a trained network, its preprocessing and its gallery as an ONNX graph."""
