"""Images as data and as models: what the image tasks do in place of the tabular ones."""
