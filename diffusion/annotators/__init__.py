"""Annotators: what a control network is shown of a picture, such as its edges, its depth or the poses in it."""
