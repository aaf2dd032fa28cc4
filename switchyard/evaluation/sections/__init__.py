"""The sections of the report that every kind of data has: a module and a template each."""
