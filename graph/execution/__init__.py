"""Running a job: what has to run, in which order, and what becomes of the results."""
