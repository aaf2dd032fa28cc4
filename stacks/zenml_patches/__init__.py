"""Everything that replaces something inside ZenML 0.98, each file with its reason."""
