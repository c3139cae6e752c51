"""Every template through the real server: the document is compiled and run there, and what it made is looked at."""

import importlib
import json
from pathlib import Path
from types import ModuleType

import aiohttp
import pytest

from graph.documents.compiler import compile_document
from graph.headless.input_values import assign_in_document
from graph.places import Places
from tests.running_server import ROOT, Session
from tests.templates.produced import Produced, address
from tools.templates.template import CATEGORIES, templates

CHECKS = Path(__file__).parent / "checks"
NAMES = sorted(path.stem for path in (ROOT / "workflows").glob("*.json"))


def check_of(name: str) -> ModuleType:
    assert (CHECKS / f"{name}.py").is_file(), f"the template {name} wants a check in tests/templates/checks/{name}.py"
    return importlib.import_module(f"tests.templates.checks.{name}")


@pytest.mark.parametrize("name", NAMES)
async def test_a_template_makes_what_it_says(server, name):
    module = check_of(name)
    document = json.loads((ROOT / "workflows" / f"{name}.json").read_text(encoding="utf-8"))
    async with aiohttp.ClientSession(server.url) as http:
        session = Session(http)
        document = await with_values(session, document, getattr(module, "VALUES", {}))
        id = (await session.post("/prompt", {"document": document}))["prompt_id"]
        entry = await session.finished(id)
        assert entry["status"]["status_str"] == "success", entry["status"]["messages"]
        module.check(await produced(session, document, entry["outputs"]))


async def with_values(session, document, values):
    if not values:
        return document
    schemas = await session.get("/object_info")
    found = Places(compile_document(document, schemas), schemas).assignments(values)
    changed = assign_in_document(document, schemas, found)
    assert changed is not None, f"the document does not have all of {', '.join(values)}"
    return changed


async def produced(session, document, outputs):
    items = [item for shown in outputs.values() for each in shown.values() if isinstance(each, list) for item in each]
    contents = {}
    for item in items:
        if isinstance(item, dict) and "filename" in item:
            async with session.http.get(address(item)) as response:
                assert response.status == 200, await response.text()
                contents[address(item)] = await response.read()
    return Produced(document, outputs, contents)


def test_every_check_and_every_function_has_its_template():
    assert {path.stem for path in CHECKS.glob("*.py")} <= set(NAMES)
    assert set(templates()) <= set(NAMES), "write them with python -m tools.templates"


@pytest.mark.parametrize("name", NAMES)
def test_a_template_says_in_both_languages_what_it_is_and_has_a_picture(name):
    document = json.loads((ROOT / "workflows" / f"{name}.json").read_text(encoding="utf-8"))
    about = document["extra"]["template"]
    assert all(about[key][language] for key in ("title", "description") for language in ("en", "zh-CN"))
    assert about["category"] in CATEGORIES
    assert (ROOT / "workflows" / f"{name}.webp").is_file()
