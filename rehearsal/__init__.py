"""The whole Kubeflow stack on one machine: real servers where they start here, doubles where they do not."""
