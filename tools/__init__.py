"""Programs of the project's own workshop; nothing here is imported by Safelight at run time."""
