"""Seconds from `python server.py` to its first HTTP answer, and until it lists its nodes.

python -m bench.server_start [--rounds N]
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bench.server_process import ROOT, server_process


async def measure(base: Path) -> tuple[float, float]:
    """Seconds to the first answer and to the list of nodes."""
    async with server_process(base, "--models", str(ROOT / "models")) as server:
        answered = time.perf_counter() - server.started
        async with server.client.get(f"{server.url}/api/object_info") as answer:
            await answer.read()
        return answered, time.perf_counter() - server.started


async def main(rounds: int) -> None:
    """Print the first start in an empty folder, then the median and the range of the later ones."""
    with tempfile.TemporaryDirectory() as folder:
        first = await measure(Path(folder))
        later = [await measure(Path(folder)) for _ in range(rounds)]
    print(f"first start:  answer {first[0]:.2f} s, nodes {first[1]:.2f} s")
    for name, values in zip(("answer", "nodes"), zip(*later, strict=True), strict=True):
        print(f"later starts: {name} {statistics.median(values):.2f} s ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    asyncio.run(main(parser.parse_args().rounds))
