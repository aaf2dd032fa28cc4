"""`init` for a table: looks at the file and writes a config with comments."""
