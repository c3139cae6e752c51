"""The server's HTTP and WebSocket interface: ComfyUI's routes, shapes and frames, and a few of our own."""
