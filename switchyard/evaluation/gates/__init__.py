"""Gates: which names they may have, and the verdict on each."""
