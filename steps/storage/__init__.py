"""How artifacts are stored and read: materializers, access to S3, checkpoints."""
