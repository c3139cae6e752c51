"""The built-in nodes: typed functions, a file per category, that adapt arguments for `diffusion`."""
