"""What steps share: cache keys, step options, tracking, epochs."""
