"""What an ONNX file is worth: metrics with intervals, latency, gates, the report."""
