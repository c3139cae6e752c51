"""Seconds from starting the server to the first picture of the default workflow, and to the next one.

python -m bench.first_picture
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.server_process import ROOT, ServerProcess, server_process


def with_other_seed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the seed of its sampler changed, so that nothing of the sampling is in the cache."""
    copy = json.loads(json.dumps(document))
    sampler = next(node for node in copy["nodes"] if node["type"] == "KSampler")
    index = next(index for index, value in enumerate(sampler["widgets_values"]) if isinstance(value, int))
    sampler["widgets_values"][index] += 1
    return copy


async def picture(server: ServerProcess, document: dict[str, Any]) -> None:
    """Run the document to its end."""
    entry = await server.finished(await server.queue({"document": document, "client_id": "bench"}))
    assert any("images" in output for output in entry["outputs"].values())


async def main() -> None:
    """Print the times of a first start, and of a second one that finds the node list on disk."""
    document = json.loads((ROOT / "workflows" / "default.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first start", "second start"):
            async with server_process(Path(folder), "--models", str(ROOT / "models")) as server:
                await picture(server, document)
                first = time.perf_counter() - server.started
                begun = time.perf_counter()
                await picture(server, with_other_seed(document))
                second = time.perf_counter() - begun
            print(f"{name}: first picture after {first:.1f} s, the next one takes {second:.1f} s")


if __name__ == "__main__":
    asyncio.run(main())
