"""What the editor costs while it is used, beside the libraries that people use for such editors.

python -m bench.editor                                          everything; half an hour and more
python -m bench.editor --counts 1000 --repeats 1                a quick look
python -m bench.editor --editors safelight --edits --counts 1000

In one headless Chromium, in turn, with graphs of blocks with three inputs, two outputs and two widgets, each linked to
the next three: processor time for each frame while panning at zoom 1, while zooming out until everything is seen, and
while the whole graph moves; first paint; heap; and the heap over 2,000 edits. Ours is the real editor from the real
server, moved by the events that a trackpad sends; `litegraph` is @comfyorg/litegraph, `xyflow` is @xyflow/react, and
`xyflow-visible` the same with `onlyRenderVisibleElements`. Their packages are installed into `bench/editor_pages`.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from bench.editor_speed import graph, report
from bench.editor_speed.cases import OURS, PHASES, VIEW, Bench, Case, Result, median
from bench.editor_speed.chromium import chromium
from bench.editor_speed.pages import LIBRARIES, prepare, served_pages
from bench.server_process import ROOT, server_process

EDITORS = [OURS, *LIBRARIES]


async def _cases(options: argparse.Namespace, ours: str, theirs: str) -> list[Case]:
    size = (VIEW["width"], VIEW["height"])
    return [
        Case(
            editor,
            count,
            ours if editor == OURS else f"{theirs}/{editor}/{count}/{'?visible' if editor.endswith('visible') else ''}",
            graph.fit_scale(count, *size),
        )
        for count in options.counts
        for editor in options.editors
    ]


async def _measure(options: argparse.Namespace, bench: Bench, cases: list[Case]) -> report.Results:
    found: dict[tuple[str, int], list[Result] | None] = {}
    for turn in range(options.repeats):
        for case in cases:
            key = (case.editor, case.count)
            if found.get(key, []) is None:
                continue
            edits = options.edits and turn == 0 and case.count in options.edited
            result = await bench.measure(case, options.phases, edits)
            print(f"  {turn + 1}/{options.repeats} {case.editor} {case.count}: {_short(result)}", flush=True)
            found[key] = None if result is None else [*(found.get(key) or []), result]
    return {key: median(results) if results else None for key, results in found.items()}


def _short(result: Result | None) -> str:
    if result is None:
        return "left out, it takes too long"
    phases = ", ".join(f"{name} {frames.main:.1f}" for name, frames in result.phases.items())
    return f"first paint {result.paint:.0f} ms ({result.paint_cpu:.0f} CPU); main thread ms a frame: {phases}"


async def main(options: argparse.Namespace) -> None:
    """Measure and print."""
    size = (VIEW["width"], VIEW["height"])
    libraries = [name for name in options.editors if name != OURS]
    graphs = {str(count): json.dumps(graph.plain(count, *size)) for count in options.counts}
    workflows = {count: json.dumps(graph.workflow(count)) for count in options.counts}
    driver = await prepare(libraries)
    nodes = ["--nodes", "nodes", "--nodes", "bench.trivial_nodes", "--models", str(ROOT / "models")]
    with tempfile.TemporaryDirectory() as folder:
        async with (
            served_pages(libraries, graphs) as theirs,
            server_process(Path(folder), *nodes) as server,
            chromium() as browser,
        ):
            async with server.client.get(f"{server.url}/api/object_info/BenchBlock") as answer:
                await answer.read()
            bench = Bench(browser, driver, workflows, options.limit)
            results = await _measure(options, bench, await _cases(options, server.url, theirs))
    for title, table in (
        ("Main-thread CPU, ms a frame (all other threads; ms between frames)", report.frame_table),
        ("Opening", report.opening_table),
        ("Edits", report.edits_table),
    ):
        text = table(results, options.editors, options.counts)
        if text:
            print(f"\n{title}\n\n{text}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", nargs="+", type=int, default=[100, 1000, 5000, 10000])
    parser.add_argument("--editors", nargs="+", choices=EDITORS, default=EDITORS)
    parser.add_argument("--phases", nargs="*", choices=PHASES, default=list(PHASES))
    parser.add_argument("--repeats", type=int, default=3, help="the median of so many is printed (default: 3)")
    parser.add_argument("--edits", action="store_true", help="also the heap over 2,000 edits, in the first repeat")
    parser.add_argument("--edited", nargs="+", type=int, default=[1000], help="at these counts (default: 1000)")
    parser.add_argument("--limit", type=float, default=180, help="seconds for one case; a slower one is left out")
    asyncio.run(main(parser.parse_args()))
