"""MLflow as an experiment tracker: the flavor, the tracker, and starting it late."""
