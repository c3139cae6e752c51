"""A progress bar on one line of a terminal, or of whatever else takes text."""

import shutil
import threading
import time
import unicodedata
from typing import TextIO

from graph.headless.progress import Progress

BAR = 20
WIDTH = 79
SECONDS_BETWEEN = {True: 0.1, False: 1.0}
"""Between two drawings, on a terminal and elsewhere."""


class ProgressBar:
    """Draws how far a run is, and how long it has taken. The line is drawn over itself until `close`.

    On a terminal the clock goes on by itself; elsewhere a line is drawn only when there is news, as that may be a log.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._begun = time.monotonic()
        self._latest = ""
        self._told = ""
        """What the line says, without the clock."""
        self._line = ""
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._drawing: threading.Thread | None = None

    def show(self, progress: Progress) -> None:
        """Draw how far the run is, at once or in a moment."""
        filled = int(progress.fraction * BAR)
        steps = f" {progress.step:.0f}/{progress.steps:.0f}" if progress.steps else ""
        self.say(f"{progress.fraction:4.0%} [{'#' * filled:-<{BAR}}] {progress.title}{steps}")

    def say(self, text: str) -> None:
        """Draw something else, such as what is waited for."""
        with self._lock:
            # Titles come from files: no line breaks, nor what a terminal would obey.
            self._latest = "".join(character for character in text if character.isprintable())
            if self._drawing is None:
                self._draw()
                self._drawing = threading.Thread(target=self._keep_drawing, name="progress bar", daemon=True)
                self._drawing.start()

    def interject(self, text: str) -> None:
        """Write a line of its own, and go on below it."""
        with self._lock:
            self._write(text + " " * max(columns(self._line) - columns(text), 0) + "\n")
            self._line = self._told = ""

    def close(self) -> None:
        """Draw what came last, and end the line."""
        self._closed.set()
        if self._drawing is not None:
            self._drawing.join()
            self._drawing = None
        with self._lock:
            if self._latest:
                self._draw()
                self._write("\n", over=False)
            self._latest = self._told = self._line = ""

    def _keep_drawing(self) -> None:
        while not self._closed.wait(SECONDS_BETWEEN[self._is_terminal]):
            with self._lock:
                if self._is_terminal or self._latest != self._told:
                    self._draw()

    def _draw(self) -> None:
        seconds = int(time.monotonic() - self._begun)
        clock = f"  {seconds // 60}:{seconds % 60:02}"
        width = (shutil.get_terminal_size().columns - 1 if self._is_terminal else WIDTH) - len(clock)
        line = cut(self._latest, max(width, 0)) + clock
        if line != self._line:
            self._write(line + " " * max(columns(self._line) - columns(line), 0))
        self._line, self._told = line, self._latest

    def _write(self, text: str, over: bool = True) -> None:
        self._stream.write(f"\r{text}" if over and self._line else text)
        self._stream.flush()


def columns(text: str) -> int:
    """How wide a text is on a terminal, where Chinese characters take two columns."""
    return sum(_columns_of(character) for character in text)


def cut(text: str, width: int) -> str:
    """A text of at most so many columns."""
    if columns(text) <= width:
        return text
    kept = ""
    for character in text:
        if columns(kept) + _columns_of(character) > width - 1:
            break
        kept += character
    return f"{kept}…" if width > 0 else ""


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Cc", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
