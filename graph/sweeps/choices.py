"""Choices as people name them: files without folder and ending, samplers by what other programs call them."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from fnmatch import translate

from graph.sweeps.errors import SweepError


def matching(text: str, choices: Sequence[str], files: bool, aliases: Mapping[str, str]) -> list[str]:
    """The choices that a text means.

    With `*` or `?` in it these are all that look so, in the order of the numbers in their names. Otherwise it is the
    one that is called so, whatever the case, with spaces, dashes and underscores being the same; or whose name in other
    programs (`aliases`) that is; or of `files` the one without its folder and ending, or the shortest name that has the
    text in it. Raises SweepError.
    """
    if any(sign in text for sign in "*?") and text not in choices:
        pattern = re.compile(translate(text.lower()))
        found = [each for each in choices if any(map(pattern.fullmatch, _names(each.lower(), files)))]
        if found:
            return sorted(found, key=by_number)
        raise SweepError(f"Nothing matches '{text}'. {_offer(text, choices)}")
    return [_one(text, choices, files, aliases)]


def mentioned(texts: Sequence[str], names: Sequence[str]) -> list[str]:
    """Those of some file names that one of the texts may mean, and perhaps others."""
    wanted = [text.lower() for text in texts if text]
    patterns = [re.compile(translate(text)).fullmatch for text in wanted if any(sign in text for sign in "*?")]
    plain = [_plain(text) for text in wanted]
    return [
        name
        for name in names
        if any(text in _plain(name) for text in plain)
        or any(matches(each.lower()) for matches in patterns for each in _names(name, True))
    ]


def stem(file: str) -> str:
    """A file's name without its folder and ending."""
    return re.sub(r"\.[A-Za-z]\w{0,11}$", "", file.rpartition("/")[2])


def _one(text: str, choices: Sequence[str], files: bool, aliases: Mapping[str, str]) -> str:
    if text in choices:
        return text
    wanted = _plain(text)
    for meant in (wanted, _plain(next((ours for name, ours in aliases.items() if _plain(name) == wanted), text))):
        for choice in choices:
            if any(_plain(name) == meant for name in _names(choice, files)):
                return choice
    within = [choice for choice in choices if files and text and text.lower() in choice.lower()]
    if within:
        return min(within, key=len)
    raise SweepError(f"There is no '{text}' to choose. {_offer(text, choices)}")


def _names(choice: str, files: bool) -> tuple[str, ...]:
    return (choice, choice.rpartition("/")[2], stem(choice)) if files else (choice,)


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.strip().lower())


def by_number(name: str) -> list[tuple[int, str]]:
    """A key that puts `step-20` before `step-100`."""
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def _offer(text: str, choices: Sequence[str]) -> str:
    close = get_close_matches(text.lower(), [each.lower() for each in choices], n=3)
    shown = [each for each in choices if each.lower() in close] or list(choices[:8])
    return f"There are: {', '.join(shown)}." if shown else "There is none."
