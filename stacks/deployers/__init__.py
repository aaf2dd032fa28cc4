"""Model deployers: what they share, and one folder for each."""
