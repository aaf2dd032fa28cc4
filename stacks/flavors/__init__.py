"""Stack component flavors of our own."""
