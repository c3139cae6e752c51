"""Import every name of `names.json` as a pack would, use what is a stand-in, and print what came of it as JSON."""

import importlib.util
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

PROBE = """
def use(value):
    return value()
"""


def main(base: Path) -> None:
    import compat
    from compat.host.stubs import NotSupportedError, Stub
    from graph.folders import Folders
    from graph.workers.host import Host
    from graph.workers.worker import WorkerSettings

    folders = Folders.under(base)
    areas = ("base", "models", "input", "output", "temp", "user", "custom_nodes")
    settings = WorkerSettings(packages=[], device="cpu", **{area: str(getattr(folders, area)) for area in areas})
    compat.install(Host(folders, settings, lambda kind, data, client: None))
    assert "torch" not in sys.modules, "packs may change the environment before torch is imported"

    names = json.loads((base / "names.json").read_text())
    lines = [
        f"from {module} import {name} as _{i}" for i, (module, _, name) in enumerate(n.rpartition(".") for n in names)
    ]
    source = folders.custom_nodes / "probe" / "__init__.py"
    source.parent.mkdir(parents=True)
    source.write_text("\n".join(lines) + PROBE)
    spec = importlib.util.spec_from_file_location("custom_nodes.probe", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    found = {}
    for i, name in enumerate(names):
        value = getattr(module, f"_{i}")
        found[name] = "real"
        if isinstance(value, Stub):
            try:
                found[name] = f"used: {module.use(value)}"
            except NotSupportedError as error:
                found[name] = str(error)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
