"""Running workflows from the command line, here or on a server."""
