"""From rows or images to a checked ONNX file; what all kinds of data share."""
