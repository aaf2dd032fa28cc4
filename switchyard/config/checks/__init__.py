"""Rules between keys of a config that pydantic's constraints cannot say."""
