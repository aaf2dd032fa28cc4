"""Kubeflow Pipelines: how runs get there, and how they are followed."""
