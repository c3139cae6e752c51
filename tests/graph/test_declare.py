"""The signature of a function is the schema of its node."""

from typing import Annotated, Any, NamedTuple

import pytest

from graph.declare import Choice, Color, Context, Files, FixedSeed, Multiline, Range, Seed, node, spec_of
from graph.types import Socket, fits

Picture = Annotated[object, Socket("IMAGE")]
Hole = Annotated[object, Socket("MASK")]


class Parts(NamedTuple):
    """Two outputs."""

    picture: Picture
    count: int


def declared(function: Any, **options: Any) -> Any:
    spec = spec_of(node("Sample", category="test", **options)(function))
    assert spec is not None
    return spec


def test_sockets_are_links_and_annotated_scalars_are_widgets_in_the_order_of_the_signature():
    def sample(
        ctx: Context,
        picture: Picture,
        seed: Seed = 3,
        steps: Annotated[int, Range(1, 9, step=2)] = 4,
        strength: Annotated[float, Range(0, 1, step=0.5, slider=True)] = 0.5,
        method: Annotated[str, Choice(["near", "far"])] = "far",
        text: Annotated[str, Multiline(prompt=True)] = "",
        flag: bool = False,
        mask: Hole | None = None,
    ) -> Picture:
        return picture

    def fixed(seed: FixedSeed = 0) -> int:
        return seed

    spec = declared(sample)
    assert [(item.name, item.type, item.required) for item in spec.inputs] == [
        ("picture", "IMAGE", True),
        ("seed", "INT", True),
        ("steps", "INT", True),
        ("strength", "FLOAT", True),
        ("method", "COMBO", True),
        ("text", "STRING", True),
        ("flag", "BOOLEAN", True),
        ("mask", "MASK", False),
    ]
    assert spec.context_parameter == "ctx"
    assert spec.input("seed").options == {"default": 3, "min": 0, "max": 2**64 - 1, "control_after_generate": True}
    assert declared(fixed).input("seed").options["control_after_generate"] == "fixed"
    assert spec.input("steps").options == {"default": 4, "min": 1, "max": 9, "step": 2}
    assert spec.input("strength").options["display"] == "slider"
    assert isinstance(spec.input("strength").options["max"], float)
    assert list(spec.input("method").choices()) == ["near", "far"]
    assert spec.input("text").options["multiline"]
    assert spec.input("text").options["dynamicPrompts"]
    assert spec.input("absent") is None


def test_the_function_is_returned_unchanged():
    @node("Plain", category="test")
    def plain(value: int = 2) -> int:
        return value * 2

    assert plain(5) == 10


def test_a_named_tuple_is_several_outputs_and_none_is_no_output():
    def several() -> Parts:
        return Parts(object(), 1)

    def nothing() -> None: ...

    def one() -> Picture:
        return object()

    assert [(item.name, item.type) for item in declared(several).outputs] == [("picture", "IMAGE"), ("count", "INT")]
    assert declared(several).several_outputs
    assert declared(nothing).outputs == ()
    assert [(item.name, item.type) for item in declared(one).outputs] == [("IMAGE", "IMAGE")]
    assert declared(one, output_names=["picture"]).outputs[0].name == "picture"


def test_docstring_lines_become_tooltips_and_leave_the_help_text():
    def described(amount: int = 1) -> int:
        """Repeat it.

        A second paragraph stays.

        amount: How often,
            at most.
        """
        return amount

    spec = declared(described)
    assert spec.description == "Repeat it.\n\nA second paragraph stays."
    assert spec.input("amount").options["tooltip"] == "How often, at most."


def test_choices_can_be_listed_anew_and_files_name_their_folder():
    names = ["a"]

    def choose(
        live: Annotated[str, Choice(lambda: names)] = "a",
        checkpoint: Annotated[str, Files("checkpoints")] = "",
        picture: Annotated[str, Files("input", upload="image")] = "",
    ) -> str:
        return live

    spec = declared(choose)
    names.append("b")
    assert list(spec.input("live").choices()) == ["a", "b"]
    assert spec.input("checkpoint").files == "checkpoints"
    assert spec.input("picture").options["image_upload"] is True


def test_aliases_may_rename_inputs():
    def load(name: str = "") -> str:
        return name

    assert declared(load, aliases=["Other"]).aliases == {"Other": {}}
    assert declared(load, aliases={"Other": {"their_name": "name"}}).aliases == {"Other": {"their_name": "name"}}


def test_a_title_is_made_from_the_id():
    def decode() -> str:
        return ""

    spec = spec_of(node("VAEDecodeTiled", category="test")(decode))
    assert spec is not None
    assert spec.title == "VAE Decode Tiled"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("def bad(value) -> int: ...", "no type annotation"),
        ("def bad(value: dict) -> int: ...", "no socket or widget"),
        ("def bad(value: int = 0) -> dict: ...", "no socket or scalar"),
        ("def bad(value: int = 0) -> int:\n    'Text.\\n\\n    valeu: misspelt'", "which is no input"),
    ],
)
def test_a_declaration_that_says_too_little_or_too_much_is_refused_at_import(source: str, complaint: str):
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    with pytest.raises(TypeError, match=complaint):
        node("Bad", category="test")(namespace["bad"])


@pytest.mark.parametrize(
    ("source", "target", "result"),
    [
        ("IMAGE", "IMAGE", True),
        ("IMAGE", "MASK", False),
        ("*", "MASK", True),
        ("IMAGE", "*", True),
        ("INT,FLOAT", "FLOAT, STRING", True),
        ("INT,FLOAT", "STRING", False),
        ("COMBO", "STRING", True),
    ],
)
def test_which_types_may_be_linked(source: str, target: str, result: bool):
    assert fits(source, target) is result


def test_colours_and_uploads_are_told_to_the_editor():
    @node("Painted", category="test")
    def painted(
        ink: Annotated[str, Color()] = "#f47a45",
        veil: Annotated[str, Color(alpha=True)] = "#00000080",
        code: Annotated[int, Color()] = 0xFF8000,
        picture: Annotated[str, Files("input", upload="image")] = "",
        words: Annotated[str, Files("input", upload="file", extensions=(".csv",))] = "",
    ) -> str:
        return ink

    spec = spec_of(painted)
    assert spec is not None
    assert spec.input("ink").options == {"default": "#f47a45", "display": "color"}
    assert spec.input("veil").options["alpha"] is True
    assert (spec.input("code").type, spec.input("code").options["display"]) == ("INT", "color")
    assert spec.input("picture").options["image_upload"] is True
    assert spec.input("words").options == {"default": "", "upload": True, "extensions": [".csv"]}
