"""`python -m tools.templates [NAME …]`: write documents and thumbnails of templates."""

import argparse
import shutil
import sys
import tempfile

from PIL import Image

from graph.engine import PROJECT, Engine
from graph.files.example_inputs import EXAMPLES, lay_examples
from graph.prompt_builder import PromptBuilder
from graph.results import Results, files_of
from tools.templates.document import document_of, drawn, written
from tools.templates.samples import CHECKPOINT
from tools.templates.samples import EXAMPLES as PAINTED
from tools.templates.sheet import Node, Sheet
from tools.templates.template import Template, templates
from tools.templates.thumbnails import save, thumbnail

WORKFLOWS = PROJECT / "workflows"


def main() -> int:
    """Write what was asked for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.templates", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="templates to write (default: all)")
    parser.add_argument("--document", action="store_true", help="write documents alone, and run nothing")
    parser.add_argument("--examples", action="store_true", help="paint the example pictures of workflows/inputs first")
    options = parser.parse_args()
    known = templates()
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"there is no template {', '.join(unknown)}; there are {', '.join(known)}")
    with tempfile.TemporaryDirectory() as base, Engine(base, models=PROJECT / "models", device="cpu") as engine:
        if options.examples:
            _paint_examples(engine)
        lay_examples(engine.folders.input)
        for name in options.names or known:
            _write(engine, known[name], run=not options.document)
    return 0


def _write(engine: Engine, template: Template, run: bool) -> None:
    sheet = drawn(template, engine.nodes)
    path = WORKFLOWS / f"{template.name}.json"
    document = document_of(template, sheet)
    path.write_text(written(document) + "\n", encoding="utf-8")
    if not run:
        return
    results = engine.run(document)
    pictures = _pictures(results, sheet, engine)
    save(thumbnail(pictures, sheet.form), path.with_suffix(".webp"))
    print(f"{template.name}: {len(pictures)} pictures, {results.seconds:.1f} s")


def _pictures(results: Results, sheet: Sheet, engine: Engine) -> list[Image.Image]:
    nodes = sheet.pictures or tuple(node for node in sheet.nodes if _shows(results, node))[-1:]
    shown = [results.ui.get(str(node.id), {}) for node in nodes]
    files = [path for each in shown for path in files_of({"": each}, engine.folders)]
    return [Image.open(path) for path in files]


def _shows(results: Results, node: Node) -> bool:
    return any(
        isinstance(item, dict) and "filename" in item for item in results.ui.get(str(node.id), {}).get("images", ())
    )


def _paint_examples(engine: Engine) -> None:
    EXAMPLES.mkdir(exist_ok=True)
    for name, (text, seed) in PAINTED.items():
        prompt = PromptBuilder()
        loader = prompt.add("CheckpointLoader", ckpt_name=CHECKPOINT)
        texts = [prompt.add("CLIPEncode", clip=loader.out(1), text=each) for each in (text, "")]
        latent = prompt.add("EmptyLatent", width=128, height=128, batch_size=1)
        sampled = prompt.add(
            "KSampler", model=loader, positive=texts[0], negative=texts[1], latent_image=latent, seed=seed, steps=20,
            cfg=2.5, sampler_name="dpmpp_2m", scheduler="karras", denoise=1.0,
        )  # fmt: skip
        prompt.add("SaveImage", images=prompt.add("VAEDecode", samples=sampled, vae=loader.out(2)), filename_prefix="x")
        (made,) = engine.run(prompt).files
        shutil.copyfile(made, EXAMPLES / name)


if __name__ == "__main__":
    sys.exit(main())
