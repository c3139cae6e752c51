"""Parts of `bench.editor`."""
