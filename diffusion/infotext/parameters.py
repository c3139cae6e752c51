"""Reading and writing the text "parameters" of Stable Diffusion WebUI.

Its form: the prompt, in any number of lines; `Negative prompt: …`, in any number of lines; one line of `Key: value`
entries with commas between them. A value with a comma, a colon or a line break in it is a JSON string; an entry whose
value is its key is written as the key alone. Some extensions add lines after the entries (`Template: …`), and some
programs write values that are JSON lists or objects without quotes.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

NEGATIVE = "Negative prompt:"
STEPS = re.compile(r"(?:^|,)\s*Steps:\s*\d")
FOLLOWING_LINE = re.compile(r"([A-Z][\w /()-]{0,60}): ?(.*)")
LONGEST = 4 << 20
"""Characters; a text that is longer is no infotext."""

_DECODER = json.JSONDecoder()


class InfotextError(ValueError):
    """A text that does not say how a picture was made; the message says what is expected."""


@dataclass(frozen=True)
class Parameters:
    """What an infotext says: both prompts, and the entries in their order, with quotes taken off their values."""

    prompt: str = ""
    negative: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


def is_infotext(text: str) -> bool:
    """Whether a text has a line of entries with the steps among them, which prompts do not have by chance."""
    return len(text) <= LONGEST and any(_has_entries(line) for line in text.split("\n"))


def parse(text: str) -> Parameters:
    """Read an infotext of any version. One without a line of entries is a prompt.

    Only a line that has `Steps:` counts as entries: three words with colons, which the WebUI takes for them, may be a
    prompt. Raises InfotextError for a text that is far too long.
    """
    if len(text) > LONGEST:
        raise InfotextError("The text is too long to be the parameters of a picture.")
    lines = text.replace("\r\n", "\n").split("\n")
    last = next((index for index in reversed(range(len(lines))) if _has_entries(lines[index])), len(lines))
    fields = _entries(lines[last]) if last < len(lines) else {}
    for line in lines[last + 1 :]:
        if match := FOLLOWING_LINE.fullmatch(line.strip()):
            fields[match[1]] = match[2]
    prompt, negative = _prompts(lines[:last])
    return Parameters(prompt, negative, fields)


def write(parameters: Parameters) -> str:
    """The infotext of `parameters`, which `parse` reads back."""
    text = parameters.prompt
    if parameters.negative:
        text += f"\n{NEGATIVE} {parameters.negative}"
    if parameters.fields:
        text += "\n" + ", ".join(_written(key, value) for key, value in parameters.fields.items())
    return text


def _has_entries(line: str) -> bool:
    return STEPS.search(line) is not None and len(_entries(line)) > 1


def _prompts(lines: list[str]) -> tuple[str, str]:
    first = next((index for index, line in enumerate(lines) if line.startswith(NEGATIVE)), len(lines))
    negative = [line.removeprefix(NEGATIVE) if not index else line for index, line in enumerate(lines[first:])]
    return "\n".join(lines[:first]), "\n".join(negative).removeprefix(" ")


def _entries(line: str) -> dict[str, str]:
    """The entries of a line; of a key that is there twice, the last."""
    entries: dict[str, str] = {}
    position = 0
    while position < len(line):
        end = _end(line, position)
        colon = line.find(":", position, end)
        if colon < 0:  # the key alone
            if key := line[position:end].strip():
                entries[key] = key
            position = end + 1
            continue
        key = line[position:colon].strip()
        start = colon + 1 + (len(line) - colon - 1 - len(line[colon + 1 :].lstrip(" ")))
        entries[key], position = _value(line, start)
    return entries


def _value(line: str, start: int) -> tuple[str, int]:
    """The value that begins at `start`, and where the next entry begins."""
    if line[start : start + 1] in ('"', "[", "{"):
        try:
            decoded, stop = _DECODER.raw_decode(line, start)
        except (ValueError, RecursionError):
            pass
        else:
            end = _end(line, stop)
            if not line[stop:end].strip():
                return (decoded if isinstance(decoded, str) else line[start:stop]), end + 1
    end = _end(line, start)
    return line[start:end].strip(), end + 1


def _end(line: str, start: int) -> int:
    comma = line.find(",", start)
    return comma if comma >= 0 else len(line)


def _written(key: str, value: str) -> str:
    if key == value:
        return key
    plain = value == value.strip() and not re.search(r'[,:\n\r]|^["\[{]', value)
    return f"{key}: {value if plain else json.dumps(value, ensure_ascii=False)}"
