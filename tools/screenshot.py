"""Take the readme's pictures of the editor: `.venv/bin/python -m tools.screenshot`.

Starts a server with folders of its own and the shipped models, runs the default workflow in headless Chromium, and
writes docs/images/editor.png and docs/images/editor-zh.png. Needs what requirements-dev.txt installs.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from launcher.browser import MISSING, find_browser

ROOT = Path(__file__).resolve().parent.parent
PICTURES = {"en-US": "editor.png", "zh-CN": "editor-zh.png"}
SIZE = ViewportSize(width=1440, height=860)
PATIENCE_MS = 180_000


@contextmanager
def _server(base: str) -> Iterator[str]:
    """A server with its folders below `base`; the value is its address."""
    command = [sys.executable, "server.py", "--port", "0", "--base-directory", base, "--models", str(ROOT / "models")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if match := re.search(r"listens at (\S+)", line):
                yield match[1]
                return
        raise SystemExit("The server did not start; `python3 launch.py doctor` says why.")
    finally:
        process.terminate()
        process.wait()


def _take(browser: Browser, url: str, locale: str, path: Path) -> None:
    """Run the default workflow and keep the page as it is afterwards."""
    page = browser.new_context(locale=locale, viewport=SIZE).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    page.locator("[data-node='7']").wait_for()
    page.keyboard.press("Control+Enter")
    page.locator("[data-node='7'] img").first.wait_for()
    page.wait_for_timeout(1000)  # the picture fades in
    page.screenshot(path=path)


def main() -> None:
    """Take all pictures."""
    executable = find_browser()
    if executable is None:
        raise SystemExit(MISSING)
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as base, _server(base) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        for locale, name in PICTURES.items():
            _take(browser, url, locale, folder / name)
        browser.close()


if __name__ == "__main__":
    main()
