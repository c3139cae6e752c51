"""Keeping results: in memory, and on disk those that are plain data."""
