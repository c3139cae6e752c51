"""What `launch.py` does: the virtual environment, the server, the tests, the diagnosis. Standard library only."""
