"""A node's complaint about one of its inputs."""


class InputError(ValueError):
    """One of a node's inputs is to blame, in a sentence that says what was wrong and what to do."""

    def __init__(self, input_name: str, message: str) -> None:
        super().__init__(message)
        self.input_name = input_name
