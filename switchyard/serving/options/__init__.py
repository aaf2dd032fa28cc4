"""The server's options: what is derived from their declarations in `switchyard.config.server_options`."""
