"""The use case file: its sections, how it is read, and the rules between its keys."""
