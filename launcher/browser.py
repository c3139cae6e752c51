"""The Chromium that the browser tests drive."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from launcher.environment import PYTHON

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
MACOS = ("Google Chrome", "Chromium", "Microsoft Edge")
WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
# Without a window, and without anything that asks the network by itself.
HEADLESS_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PLAYWRIGHTS_OWN = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""

MISSING = (
    "The browser tests need Chromium, and none could be installed. Install Chromium or Chrome, "
    f"or run: {PYTHON} -m playwright install --with-deps chromium"
)


def find_browser() -> str | None:
    """The path of a Chromium, Chrome or Edge of this machine, or of the one that Playwright has installed."""
    candidates = [found for name in NAMES if (found := shutil.which(name))]
    candidates += [f"/Applications/{name}.app/Contents/MacOS/{name}" for name in MACOS]
    folders = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    candidates += [str(Path(folder, tail)) for folder in folders if folder for tail in WINDOWS]
    found = next((item for item in candidates if _runs(item)), None)
    return found or _playwrights_own()


def install_browser() -> str | None:
    """`find_browser`, after installing one if there is none: Debian's as root, otherwise Playwright's own."""
    found = find_browser()
    if found:
        return found
    print("Installing Chromium for the browser tests …", flush=True)
    if sys.platform.startswith("linux") and shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        found = find_browser()
    if not found:
        subprocess.run([str(PYTHON), "-m", "playwright", "install", "chromium"], check=False)
        found = find_browser()
    return found


def _runs(path: str) -> bool:
    """Whether there is a browser behind the name: on Ubuntu it may only say that a snap has to be installed."""
    if not Path(path).is_file():
        return False
    if not sys.platform.startswith("linux"):
        return True  # asking for the version would open a window on Windows
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _playwrights_own() -> str | None:
    try:
        answer = subprocess.run([str(PYTHON), "-c", PLAYWRIGHTS_OWN], capture_output=True, text=True, check=False)
    except OSError:
        return None
    path = answer.stdout.strip()
    return path if path and Path(path).is_file() else None
