"""The sections of the report that only tables have: a module and a template each."""
