"""The Open Inference Protocol v2: messages, tensors, and a client."""
