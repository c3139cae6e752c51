"""How much the editor loads before it can be used: counted, so that it cannot grow unseen."""

import re
from pathlib import Path

from api.editor_files import EditorFiles

WEB = Path(__file__).resolve().parent.parent.parent / "web"
# What the start needs as it is, and room for little more. What is wanted later is loaded by `import()` on first use.
MOST_MODULES = 195
MOST_KILOBYTES = 790


def test_the_start_loads_no_more_than_its_budget():
    modules = re.findall(r'<link rel="modulepreload" href="/w/[0-9a-f]+/([^"]+)">', EditorFiles(WEB).page())
    size = sum((WEB / module).stat().st_size for module in modules)
    assert 50 < len(modules) <= MOST_MODULES
    assert size <= MOST_KILOBYTES * 1000
