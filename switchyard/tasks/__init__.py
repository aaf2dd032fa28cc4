"""What differs between the tasks, a file a step: the only place that knows which tasks there are, so that no step asks.

Each file has a protocol, what the step wants done, and a function that gives the module which does it for a task. A
new kind of data is a module for each and a line here. They are files of their own so that a step's cache depends on
the code behind that step alone.
"""
