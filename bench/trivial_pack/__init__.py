"""The nodes of `bench.trivial_nodes` as a pack of ComfyUI, for the `custom_nodes` of any server that takes such."""

LIMITS = {"default": 0, "min": -(2**62), "max": 2**62}


class Start:
    """Give a number."""

    RETURN_TYPES = ("NUMBER",)
    FUNCTION = "run"
    CATEGORY = "bench"

    @classmethod
    def INPUT_TYPES(cls) -> dict:  # noqa: N802
        """One constant."""
        return {"required": {"value": ("INT", LIMITS)}}

    def run(self, value: int) -> tuple:
        """The constant."""
        return (value,)


class Increment(Start):
    """Add a constant."""

    @classmethod
    def INPUT_TYPES(cls) -> dict:  # noqa: N802
        """A number and a constant."""
        return {"required": {"number": ("NUMBER",), "by": ("INT", LIMITS)}}

    def run(self, number: int, by: int) -> tuple:
        """Their sum."""
        return (number + by,)


class Add(Start):
    """Add two numbers and a constant."""

    @classmethod
    def INPUT_TYPES(cls) -> dict:  # noqa: N802
        """Two numbers and a constant."""
        return {"required": {"left": ("NUMBER",), "right": ("NUMBER",), "more": ("INT", LIMITS)}}

    def run(self, left: int, right: int, more: int) -> tuple:
        """Their sum."""
        return ((left + right + more) % 2**40,)


class Finish(Start):
    """Show a number."""

    RETURN_TYPES = ()
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls) -> dict:  # noqa: N802
        """A number."""
        return {"required": {"number": ("NUMBER",)}}

    def run(self, number: int) -> dict:
        """The number as text."""
        return {"ui": {"text": [str(number)]}}


NODE_CLASS_MAPPINGS = {"BenchStart": Start, "BenchIncrement": Increment, "BenchAdd": Add, "BenchFinish": Finish}
