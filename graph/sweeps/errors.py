"""What is wrong with a sweep."""


class SweepError(ValueError):
    """An axis or its values cannot be used, in a sentence that says what was wrong and what to do."""
