"""One case: an editor with a graph, opened in a fresh profile, moved, and edited."""

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Browser, Page, Route

from bench.editor_speed.chromium import PageClock, heap_megabytes

OURS = "safelight"
PHASES = ("pan", "zoom", "fit")
VIEW = {"width": 1600, "height": 900}
FRAMES = {"pan": 120, "zoom": 120, "fit": 60}
EDITS = 1000
# The editor marks the frame in which it has drawn a document that was opened.
WATCH = """
new PerformanceObserver((list) => {
    const nodes = list.getEntriesByName('safelight.drawn').at(-1)?.detail ?? 0;
    if (nodes === 0) return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
        const paint = performance.now();
        const entries = performance.getEntriesByType('resource');
        const file = entries.find((entry) => entry.name.endsWith('/default.json'));
        globalThis.shown = { paint, nodes, opened: paint - file.responseEnd };
    };
    port2.postMessage(null);
}).observe({ type: 'mark', buffered: true });
"""


@dataclass(slots=True)
class Frames:
    """A movement: processor time in milliseconds for each frame, and the median time between frames.

    `rest` is what the main thread spends in all after the movement, until nothing is left to draw.
    """

    main: float
    others: float
    interval: float
    rest: float


@dataclass(slots=True)
class Result:
    """What one case has measured; milliseconds and megabytes."""

    opened: float = 0.0
    paint: float = 0.0
    paint_cpu: float = 0.0
    heap: float = 0.0
    elements: int = 0
    phases: dict[str, Frames] = field(default_factory=dict)
    heap_by_edits: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Case:
    """An editor and a size; `address` is where its page is, `zoom` the zoom that shows everything."""

    editor: str
    count: int
    address: str
    zoom: float


class Bench:
    """Measures cases in one browser, each within `limit` seconds."""

    def __init__(self, browser: Browser, driver: str, workflows: dict[int, str], limit: float) -> None:
        self._browser = browser
        self._driver = driver
        self._workflows = workflows
        self._limit = limit
        self._bars: tuple[int, int] | None = None

    async def measure(self, case: Case, phases: list[str], edits: bool) -> Result | None:
        """Measure one case. None when it takes too long."""
        try:
            async with asyncio.timeout(self._limit), self._page(case) as page:
                return await self._measured(case, page, phases, edits)
        except TimeoutError:
            return None

    @asynccontextmanager
    async def _page(self, case: Case) -> AsyncIterator[Page]:
        context = await self._browser.new_context(viewport=VIEW, locale="en-US")
        context.set_default_timeout(self._limit * 1000)
        try:
            page = await context.new_page()
            if case.editor == OURS:
                await self._give_workflow(page, case)
            yield page
        finally:
            # A page that hangs must not keep the others from their turn.
            try:
                await asyncio.wait_for(context.close(), 20)
            except TimeoutError:
                print(f"{case.editor} with {case.count} nodes could not be closed", flush=True)

    async def _give_workflow(self, page: Page, case: Case) -> None:
        """Make the page larger by what its bars take, and give it the graph in place of the default workflow."""
        bars = self._bars or await self._measure_bars(case.address)
        self._bars = bars
        await page.set_viewport_size({"width": VIEW["width"] + bars[0], "height": VIEW["height"] + bars[1]})

        async def answer(route: Route) -> None:
            await route.fulfill(body=self._workflows[case.count], content_type="application/json")

        await page.route("**/workflow_templates/safelight/default.json", answer)
        await page.add_init_script(WATCH)

    async def _measure_bars(self, address: str) -> tuple[int, int]:
        context = await self._browser.new_context(viewport=VIEW, locale="en-US")
        page = await context.new_page()
        await page.goto(address)
        await page.wait_for_selector(".node, .canvas-back")
        await asyncio.sleep(1)
        width, height = await page.evaluate(
            "() => [innerWidth - canvas.clientWidth, innerHeight - canvas.clientHeight]"
        )
        await context.close()
        return width, height

    async def _measured(self, case: Case, page: Page, phases: list[str], edits: bool) -> Result:
        result = Result()
        await page.goto(case.address, wait_until="commit")
        if case.editor == OURS:
            await self._open_ours(page, result, case.count)
        else:
            shown = await (await page.wait_for_function("globalThis.shown")).json_value()
            result.opened, result.paint = shown["opened"], shown["paint"]
        clock = await PageClock.of(self._browser, page)
        result.paint_cpu = clock.before
        session = await page.context.new_cdp_session(page)
        await asyncio.sleep(0.5)
        result.heap = await heap_megabytes(session)
        for phase in phases:
            result.phases[phase] = await self._movement(page, clock, phase, case.zoom)
        result.elements = await page.evaluate("() => document.querySelectorAll('*').length")
        if edits and case.editor == OURS:
            await self._select_node(page, case.zoom)
        if edits:
            for first in range(0, 2 * EDITS, EDITS // 4):
                result.heap_by_edits.append(await heap_megabytes(session))
                await page.evaluate("([first, count]) => bench.edit(first, count)", [first, EDITS // 4])
            result.heap_by_edits.append(await heap_megabytes(session))
        return result

    async def _open_ours(self, page: Page, result: Result, count: int) -> None:
        shown = await (await page.wait_for_function("globalThis.shown")).json_value()
        assert shown["nodes"] == count, f"the editor shows {shown['nodes']} nodes of {count}"
        result.opened, result.paint = shown["opened"], shown["paint"]
        await page.evaluate(f"() => {{ {self._driver} }}")

    async def _select_node(self, page: Page, zoom: float) -> None:
        """What the keys of the edits then act on. Raises RuntimeError if they would do nothing."""
        await page.evaluate("([phase, zoom]) => bench.prepare(phase, zoom)", ["pan", zoom])
        bounds = await page.evaluate(
            """() => {
                const inside = ({ left, top }) =>
                    left > 300 && top > 200 && left < innerWidth - 400 && top < innerHeight - 300;
                const titles = [...document.querySelectorAll('.node-title')];
                const found = titles.map((each) => each.getBoundingClientRect()).find(inside);
                return [found.left + found.width / 2, found.top + found.height / 2];
            }"""
        )
        await page.mouse.click(*bounds)
        await page.evaluate("() => bench.edit(0, 1)")
        if await page.locator(".node.muted").count() != 1:
            raise RuntimeError("the editor did not mute the node that was clicked")

    async def _movement(self, page: Page, clock: PageClock, phase: str, zoom: float) -> Frames:
        await page.evaluate("([phase, zoom]) => bench.prepare(phase, zoom)", [phase, zoom])
        begun = clock.read()
        intervals = await page.evaluate("() => bench.run()")
        done = clock.read()
        await page.evaluate("() => bench.settled()")
        rest = clock.read()
        frames = FRAMES[phase]
        return Frames(
            main=(done.main - begun.main) / frames,
            others=(done.others - begun.others) / frames,
            interval=statistics.median(intervals),
            rest=rest.main - done.main,
        )


def median(results: list[Result]) -> Result:
    """The median of each figure."""
    found = Result(
        opened=statistics.median(result.opened for result in results),
        paint=statistics.median(result.paint for result in results),
        paint_cpu=statistics.median(result.paint_cpu for result in results),
        heap=statistics.median(result.heap for result in results),
        elements=int(statistics.median(result.elements for result in results)),
    )
    for phase in results[0].phases:
        each = [result.phases[phase] for result in results]
        found.phases[phase] = Frames(
            *(statistics.median(getattr(frames, name) for frames in each) for name in Frames.__dataclass_fields__)
        )
    lists = [result.heap_by_edits for result in results if result.heap_by_edits]
    found.heap_by_edits = [statistics.median(values) for values in zip(*lists, strict=True)] if lists else []
    return found
