"""Names and files: what may be used as a path, and writing that nobody sees half of."""
