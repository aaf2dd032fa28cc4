"""Commands about registered versions of a model: compare two, show one, make one again."""
