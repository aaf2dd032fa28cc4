"""What is measured of models of images."""
