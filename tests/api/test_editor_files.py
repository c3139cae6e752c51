import re
from pathlib import Path

import pytest

from api.editor_files import EditorFiles

PAGE = '<head>{{preload}}<script type="module" src="{{base}}/app/main.js"></script></head>'
MODULES = {
    "app/main.js": 'import { a } from "./a.js";\nimport {\n  b,\n  c,\n} from "../core/b.js";\nimport "./side.js";\n',
    "app/a.js": 'export { d } from "../core/d.js";\nconst text = "from \'./no.js\'";\nawait import("./lazy.js");\n',
    "app/side.js": '// import "./comment.js"\nimport * as x from "./a.js";',
    "app/lazy.js": 'import "./deep.js";',
    "core/b.js": 'import d from "./d.js";\nimport pack from "safelight";\nimport "../../../etc/passwd.js";\n',
    "core/d.js": "export const d = 1;\n",
    "core/unused.js": "",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in {"index.html": PAGE, **MODULES}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return tmp_path


def base(page: str) -> str:
    match = re.search(r'src="(/w/[0-9a-f]+)/app/main.js"', page)
    assert match
    return match[1]


def test_what_the_start_needs_is_preloaded_and_nothing_else(root: Path):
    page = EditorFiles(root).page()
    links = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page)
    names = ["app/main.js", "app/a.js", "core/b.js", "app/side.js", "core/d.js"]
    assert sorted(links) == sorted(f"{base(page)}/{name}" for name in names)
    assert "{{" not in page


def test_the_path_changes_with_the_content_alone(root: Path):
    first = base(EditorFiles(root).page())
    (root / "core" / "d.js").touch()
    assert base(EditorFiles(root).page()) == first
    (root / "core" / "d.js").write_text("export const d = 2;\n")
    assert base(EditorFiles(root).page()) != first


def test_a_file_that_moves_is_a_change(root: Path):
    first = base(EditorFiles(root).page())
    (root / "core" / "unused.js").rename(root / "core" / "other.js")
    assert base(EditorFiles(root).page()) != first


def test_changes_are_noticed_in_development_only(root: Path):
    fixed, changing = EditorFiles(root), EditorFiles(root, changing=True)
    before = fixed.page(), changing.page()
    (root / "app" / "lazy.js").write_text("// longer than it was before\n" * 3)
    assert fixed.page() == before[0]
    assert base(changing.page()) != base(before[1])
    assert changing.is_current(base(changing.page()).removeprefix("/w/"))
    assert not changing.is_current(base(before[1]).removeprefix("/w/"))
