"""What nodes show beside pictures and texts: `ctx.show("plots", [Plot(...).shown()])`, and tables in the same way."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

MOST_POINTS = 2000
"""More points of a line are thinned out: nobody sees them, and every client and the history would have to keep them."""
MOST_ROWS = 1000
PICTURE = ("filename", "subfolder", "type")
SAID = "said"


class Words(str):
    """A text in a node's own words, such as a heading: editors say it in the user's language where they know how.

    Texts that are none stay as they are; they may be what the user has written.
    """

    __slots__ = ()

    @classmethod
    def joined(cls, parts: Iterable["Words"], between: str = " ") -> "Words":
        """Several sentences, or lines, as one text."""
        return cls(between.join(parts))


def marked(shown: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """What is shown, and under `said` those of the texts that are `Words`; all as plain texts."""
    said = [str(item) for items in shown.values() for item in items if isinstance(item, Words)]
    plain = {kind: [_plain(item) for item in items] for kind, items in shown.items()}
    return {**plain, SAID: said} if said else plain


def _plain(item: Any) -> Any:
    return str(item) if isinstance(item, Words) else item


def _said(texts: Iterable[Any], key: str = SAID) -> dict[str, list[str]]:
    """The words among texts, each once, as plots and tables have them."""
    said = dict.fromkeys(str(text) for text in texts if isinstance(text, Words))
    return {key: list(said)} if said else {}


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a plot. Without `x` its values are numbered from 0; NaN and infinities are gaps."""

    y: Sequence[float]
    label: str = ""
    x: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines in one pair of axes. A logarithmic axis leaves out what is not positive."""

    series: Sequence[Series]
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    log_x: bool = False
    log_y: bool = False

    def shown(self) -> dict[str, Any]:
        """The plot as `ctx.show("plots", [...])` takes it, with at most 2,000 points a line.

        Raises ValueError for a line whose `x` and `y` are not of one length.
        """
        return {
            "title": str(self.title),
            "x_label": str(self.x_label),
            "y_label": str(self.y_label),
            "x_scale": "log" if self.log_x else "linear",
            "y_scale": "log" if self.log_y else "linear",
            "series": [_shown(each) for each in self.series],
            **_said([self.title, self.x_label, self.y_label]),
        }


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns.

    Cells are numbers, texts, booleans, None, or pictures as `ctx.show("images", [...])` takes them.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    title: str = ""

    def shown(self) -> dict[str, Any]:
        """The table as `ctx.show("tables", [...])` takes it: its first 1,000 rows, and how many are left out.

        Raises ValueError for a row that has not a cell for each column.
        """
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.columns):
                raise ValueError(f"Row {number} has {len(row)} cells, and the table {len(self.columns)} columns.")
        rows = list(islice(self.rows, MOST_ROWS))
        return {
            "title": str(self.title),
            "columns": [str(column) for column in self.columns],
            "rows": [[_cell(cell) for cell in row] for row in rows],
            "left_out": max(0, len(self.rows) - MOST_ROWS),
            **_said([self.title, *self.columns]),
            **_said((cell for row in rows for cell in row), "said_cells"),
        }


def _cell(cell: Any) -> Any:
    if isinstance(cell, float):
        return _finite(cell)
    if isinstance(cell, Mapping):
        return {name: str(cell[name]) for name in PICTURE}
    return cell if isinstance(cell, int | None) else str(cell)


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _shown(series: Series) -> dict[str, Any]:
    ys = [_finite(value) for value in series.y]
    xs = [_finite(value) for value in (range(len(ys)) if series.x is None else series.x)]
    if len(xs) != len(ys):
        name = f" '{series.label}'" if series.label else ""
        raise ValueError(f"The line{name} has {len(xs)} places and {len(ys)} values. Give as many of both.")
    kept = _thinned(ys)
    line = {"label": str(series.label), "x": [xs[index] for index in kept], "y": [ys[index] for index in kept]}
    return {**line, **_said([series.label])}


def _thinned(values: Sequence[float | None]) -> list[int]:
    """Which of many points to keep: of each stretch the least and the greatest, so that no spike is lost."""
    if len(values) <= MOST_POINTS:
        return list(range(len(values)))
    stretches = MOST_POINTS // 2 - 1
    kept = {0, len(values) - 1}
    for stretch in range(stretches):
        places = range(stretch * len(values) // stretches, (stretch + 1) * len(values) // stretches)
        known = [(value, index) for index in places if (value := values[index]) is not None]
        if known:
            kept.update((min(known)[1], max(known)[1]))
        else:
            kept.add(places[0])
    return sorted(kept)
