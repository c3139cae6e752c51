"""Seeds of the frames of a video."""

import random
from typing import Literal, get_args

SeedPolicy = Literal["fixed", "increment", "random"]
POLICIES: tuple[SeedPolicy, ...] = get_args(SeedPolicy)
SEEDS = 2**64


def seeds(seed: int, policy: SeedPolicy, count: int) -> list[int]:
    """A seed for each frame, which the first seed decides: the same one, one more each time, or any.

    With the same noise in each frame a video flickers least, and the noise seems to stand still on the picture.
    """
    match policy:
        case "fixed":
            return [seed] * count
        case "increment":
            return [(seed + index) % SEEDS for index in range(count)]
    draw = random.Random(seed)
    return [seed, *(draw.randrange(SEEDS) for _ in range(count - 1))][:count]
