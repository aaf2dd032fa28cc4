"""The library behind the pipelines: plain Python, without zenml, kfp or mlflow."""
