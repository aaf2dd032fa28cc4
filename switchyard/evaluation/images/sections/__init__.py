"""The sections of the report that only images have: a module and a template each."""
