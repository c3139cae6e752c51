"""What sampling raises when a run cannot be started or finished."""


class SamplingError(ValueError):
    """A setting or an input of a run is wrong; the message is one sentence that says what to do."""
