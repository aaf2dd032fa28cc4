"""What is measured of models of tables."""
