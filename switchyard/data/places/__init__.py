"""Where a source can be: this disk, S3, or the web."""
