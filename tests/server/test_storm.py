"""A short storm; `python -m bench.storm` has a long one."""

import random
from pathlib import Path

from bench.storm import Storm


async def test_no_job_is_lost_and_none_is_done_twice_however_often_the_server_is_killed(tmp_path: Path):
    verdict = await Storm(tmp_path, kills=8, rng=random.Random(8)).run()
    assert not verdict.faults, str(verdict)
    assert verdict.kills == 8
    assert verdict.accepted
