"""What was in production and when, told from the changes that runs have recorded; plain data, no ZenML."""
