"""What was measured, as tables."""

from bench.editor_speed.cases import OURS, PHASES, Result

Results = dict[tuple[str, int], Result | None]
NAMES = {"pan": "panning near", "zoom": "zooming out", "fit": "whole graph"}


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _columns(editors: list[str]) -> list[str]:
    return ["nodes", "", *editors, *(f"{name} ÷ ours" for name in editors if name != OURS and OURS in editors)]


def frame_table(results: Results, editors: list[str], counts: list[int]) -> str:
    """Main-thread milliseconds a frame; in brackets those of all other threads, and the median time between frames."""
    rows = []
    for count in counts:
        for phase in PHASES:
            found = {name: result for name in editors if (result := results.get((name, count)))}
            frames = {name: result.phases[phase] for name, result in found.items() if phase in result.phases}
            if not frames:
                continue
            cells = [
                f"{frames[name].main:.1f} ({frames[name].others:.0f}; {frames[name].interval:.0f})"
                if name in frames
                else "–"
                for name in editors
            ]
            own = frames.get(OURS)
            ratios = [
                f"{frames[name].main / own.main:.1f}" if own and name in frames else "–"
                for name in editors
                if name != OURS and OURS in editors
            ]
            rows.append([f"{count:,}", NAMES[phase], *cells, *ratios])
    return _table(_columns(editors), rows)


def opening_table(results: Results, editors: list[str], counts: list[int]) -> str:
    """First paint from the start of the page (main-thread CPU until then) and from the graph's arrival; heap."""
    head = [
        "nodes",
        "editor",
        "first paint, ms (CPU)",
        "from the graph's arrival",
        "heap, MB",
        "elements",
        "after moving, ms CPU",
    ]
    rows = []
    for count in counts:
        for name in editors:
            result = results.get((name, count))
            if not result:
                rows.append([f"{count:,}", name, "not within the limit", *["–"] * 4])
                continue
            rest = " / ".join(f"{result.phases[phase].rest:.0f}" for phase in PHASES if phase in result.phases)
            figures = [
                f"{result.paint:.0f} ({result.paint_cpu:.0f})",
                f"{result.opened:.0f}",
                f"{result.heap:.1f}",
                f"{result.elements:,}",
            ]
            rows.append([f"{count:,}", name, *figures, rest])
    return _table(head, rows)


def edits_table(results: Results, editors: list[str], counts: list[int]) -> str:
    """The heap in megabytes over 2,000 edits, a figure for each 250; a history of 1,000 steps is full halfway."""
    rows = []
    for count in counts:
        for name in editors:
            result = results.get((name, count))
            if result and result.heap_by_edits:
                values = result.heap_by_edits
                middle = len(values) // 2
                growth = [values[middle] - values[0], values[-1] - values[middle]]
                line = " ".join(f"{value:.1f}" for value in values)
                rows.append([f"{count:,}", name, line, *(f"{value:+.2f}" for value in growth)])
    if not rows:
        return ""
    return _table(["nodes", "editor", "heap, MB", "first 1,000", "second 1,000"], rows)
