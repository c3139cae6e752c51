"""Changes of a model that are not changes of its weights: of its blocks, its attention and its guidance."""
