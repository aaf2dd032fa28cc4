"""Serving on KServe: the model repository in S3, the InferenceService, and rolling one out or back."""
