"""Images: where they come from, what they must look like, how they are split."""
