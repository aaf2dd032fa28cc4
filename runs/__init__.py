"""How a run is started, watched, summed up and queried; `versions/` has the commands about registered versions."""
