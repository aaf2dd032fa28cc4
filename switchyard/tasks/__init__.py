"""The kinds of data, and the only place that knows which there are: no step and no pipeline asks.

`kind.py` is what a kind is, one protocol a stage beside it says what its functions do; `registry.py` knows all kinds,
`tables.py` and `images.py` are those of the program. `recipes.py` makes of a config what each step is told.
"""
