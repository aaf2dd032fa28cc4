"""Statistics: metrics, intervals and paired tests. No models, no data formats."""
