"""The local endpoint: its model repository, its process, and putting a version live."""
