"""Whatever our nodes and the library below them say to the user is there in Chinese too."""

import ast
import itertools
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from graph.execution import failure, memory_advice

ROOT = Path(__file__).resolve().parents[2]
CHINESE: dict[str, str] = json.loads((ROOT / "web/locales/sentences.zh-CN.json").read_text("utf-8"))
NAMES: dict[str, str] = json.loads((ROOT / "web/locales/nodes.zh-CN.json").read_text("utf-8"))
FILES = [*sorted((ROOT / "nodes").rglob("*.py")), *sorted((ROOT / "diffusion").rglob("*.py")), ROOT / "api/pictures.py"]
PICTURES = ROOT / "diffusion/training/pictures.py"
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


@cache
def parts_of(file: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(file.read_text("utf-8"))))


def calls(*names: str) -> Iterator[tuple[Path, ast.Call]]:
    for file in FILES:
        for part in parts_of(file):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in names:
                yield file, part


def raised(file: Path) -> Iterator[tuple[str, str]]:
    for part in parts_of(file):
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


def test_warnings_are_translated():
    """Those that are written where they are given; others are sentences of the functions that make them."""
    given = [part for file in FILES for part in parts_of(file) if isinstance(part, ast.Call) and part.args]
    texts = {template(call.args[0]) or "" for call in given if ast.unparse(call.func).endswith(".warn")}
    worded = {text for text in texts if re.search("[a-z]{2}", text)}
    assert len(worded) > 10
    assert not worded - CHINESE.keys()


def test_what_is_said_of_training_pictures_is_translated():
    """A finding is told behind the name of its file."""
    texts = [template(call.args[-1]) for file, call in calls("Finding") if file == PICTURES]
    assert len(texts) > 10
    numbered = [re.sub(r"{(\d)}", lambda place: f"{{{int(place[1]) + 1}}}", text or "") for text in texts]
    assert not [text for text in numbered if f"{{0}} {text}" not in CHINESE]


def test_the_words_that_nodes_show_are_translated():
    """Names of columns and lines are a `word.…` among the texts of nodes; sentences, and what varies, are sentences."""
    texts = [template(call.args[0]) for _, call in calls("Words")]
    assert len(texts) > 50
    assert None not in texts, "what is in Words is written where they are made"
    assert not [text for text in texts if text not in CHINESE and f"word.{text}" not in NAMES]


def test_what_figures_say_is_words():
    """Titles, headings and names of lines that are written in the source; what a node was given is no constant."""
    for file, call in calls("Plot", "Series", "Table"):
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        parts = [part for each in given for part in (each.elts if isinstance(each, ast.List) else [each])]
        bare = {text for part in parts if (text := template(part)) and re.search("[a-z]{2}", text)}
        assert bare <= {"sigma"}, f"{file.name}:{call.lineno}"


@pytest.mark.parametrize("asked", [float("inf"), float("nan"), 2.0**33])
def test_what_is_said_of_memory_is_translated(asked: float):
    said = memory_advice.sentence(asked).replace("8.0 GB", "{0}")
    assert said in CHINESE


def test_the_advice_about_faults_is_translated():
    assert failure.FAULT_ADVICE in CHINESE
