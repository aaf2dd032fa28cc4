"""How a network is trained on images and exported."""
