"""`init` for images: looks at the folder and writes a config with comments."""
