"""Whatever our nodes and the library below them say to the user is there in Chinese too."""

import ast
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.execution import failure, memory_advice

ROOT = Path(__file__).resolve().parents[2]
CHINESE: dict[str, str] = json.loads((ROOT / "web/locales/sentences.zh-CN.json").read_text("utf-8"))
FILES = [*sorted((ROOT / "nodes").rglob("*.py")), *sorted((ROOT / "diffusion").rglob("*.py"))]
# These are for the code that calls, and never reach a person.
INTERNAL = {"NotPlainError", "KeyError", "NotImplementedError", "TypeError", "AssertionError"}
# In one template a verb varies.
VERB = "{0}: the {1} {2} {3}."
VERBS = ("lacks", "has unexpected", "has misshapen")


def template(part: ast.expr) -> str | None:
    """A text with what varies in it as {0}, {1}; None if it is no literal."""
    match part:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            numbers = itertools.count()
            return "".join(
                str(each.value) if isinstance(each, ast.Constant) else f"{{{next(numbers)}}}" for each in values
            )
    return None


def raised(file: Path) -> Iterator[tuple[str, str]]:
    for part in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not (isinstance(part, ast.Raise) and isinstance(part.exc, ast.Call)):
            continue
        if ast.unparse(part.exc.func) in INTERNAL:
            continue
        text = template(part.exc.args[-1]) if part.exc.args else None
        if text is None:
            continue
        # As failures are told.
        text = text if text.endswith((*failure.SENTENCE_ENDS, "}")) else f"{text}."
        for verb in VERBS if text.startswith(VERB) else ("",):
            yield f"{file.relative_to(ROOT)}:{part.lineno}", text.replace("{2} {3}", f"{verb} {{2}}") if verb else text


def test_everything_that_is_raised_is_translated():
    found = [each for file in FILES for each in raised(file)]
    assert len(found) > 50
    assert not [each for each in found if each[1] not in CHINESE]


@pytest.mark.parametrize("asked", [float("inf"), float("nan"), 2.0**33])
def test_what_is_said_of_memory_is_translated(asked: float):
    said = memory_advice.sentence(asked).replace("8.0 GB", "{0}")
    assert said in CHINESE


def test_the_advice_about_faults_is_translated():
    assert failure.FAULT_ADVICE in CHINESE
