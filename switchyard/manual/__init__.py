"""Writes the manual of the config: the templates beside this file, with the tables of keys from the models."""
