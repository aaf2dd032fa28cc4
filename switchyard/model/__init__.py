"""The artifact: the ONNX file, its metadata, its companions and its gallery."""
