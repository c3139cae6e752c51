"""Worker processes: the interface that the dispatcher sees, the local child process, and what runs inside it."""
