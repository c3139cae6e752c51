"""Jobs that wait, run and have ended, and giving them to workers."""
