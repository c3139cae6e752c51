"""Each algorithm makes the held-out pictures likelier and paints something else than before; the curves are shown."""

import numpy as np

from tests.templates.produced import Produced, tiles

ALGORITHMS = ("LoRA", "LoCon", "LoHa")
VALUES = {
    **{f"{name}.{key}": value for name in ALGORITHMS for key, value in (("resolution", 64), ("steps", 6))},
    **{f"{name}.steps": 3 for name in ("before", *(f"with {name}" for name in ALGORITHMS))},
    "TrainingMonitor.validate_every": 0,
}


def check(produced: Produced) -> None:
    (table,) = produced.tables("CompareTrainings")
    rows = {row[0]: row for row in table["rows"]}
    assert set(rows) == {f"ghost_{name.lower()}" for name in ALGORITHMS}
    for row in rows.values():
        before, after = row[6:8]  # of the loss on held-out pictures
        assert after < 0.97 * before, row
    assert rows["ghost_locon"][-1] > 1.5 * rows["ghost_lora"][-1]  # megabytes
    before, *others = tiles(*produced.pictures("SaveImage"))
    assert min(np.abs(before - other).mean() for other in others) > 0.03
