"""What becomes of the cells of an X/Y/Z plot: grids in the order of the axes, a legend, and what files say of them."""

import threading

import orjson
import pytest
import torch
from PIL import Image

from compat.infotext import convert
from diffusion.images.grid import labelled_grid
from diffusion.infotext import parse
from graph import events
from graph.caching.cache import ResultCache
from graph.caching.content import ContentHashes
from graph.declare import InputError
from graph.documents.compiler import compile_document
from graph.execution.execute import Executor
from graph.folders import Folders
from graph.messages import Job
from graph.registry import load
from nodes.sweeps import sweep_cell, sweep_grid


def cells(columns, rows, grids):
    """Pictures of 16 x 16 that are all of one colour, which says where they belong."""
    return {
        f"{x} {y} {z}": torch.full((1, 16, 16, 3), (x + 10 * y + 100 * z) / 255)
        for x in range(columns) for y in range(rows) for z in range(grids)
    }  # fmt: skip


def test_pictures_come_to_lie_where_their_values_are():
    plotted = sweep_grid([["a", "b", "c"], ["d", "e"], ["f", "g"]], legend=False, **cells(3, 2, 2))
    assert plotted.grid.shape == (1, 32, 96, 3)
    corners = (plotted.grid[0, ::16, ::16, 0] * 255).round().int().tolist()
    assert corners == [[0, 1, 2, 100, 101, 102], [10, 11, 12, 110, 111, 112]]
    assert len(plotted.sub_grids) == 2
    order = [round(float(picture[0, 0, 0, 0]) * 255) for picture in plotted.pictures]
    assert order == [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112]


def test_the_legend_has_chinese_signs_and_not_one_box_for_all():
    def legend(text):
        return labelled_grid([[torch.zeros(200, 200, 3)]], [text])[:30]

    signs = [legend(sign) for sign in ("红", "绿", "\U0010fffd")]
    assert all(float((1 - sign).sum()) > 5 for sign in signs[:2])
    assert len({sign.numpy().tobytes() for sign in signs}) == 3
    plotted = sweep_grid([["红"], [""], [""]], legend=True, **cells(1, 1, 1))
    assert plotted.grid.shape[1] > 16


def test_of_a_batch_the_first_picture_is_taken_and_a_grid_that_is_too_large_is_refused():
    batch = torch.rand(3, 16, 16, 3)
    assert torch.equal(sweep_cell([batch], cells=4), batch[:1])
    with pytest.raises(InputError, match="megapixels"):
        sweep_cell([batch], cells=4000, most_megapixels=1)


def test_a_plot_s_files_say_in_the_webui_s_words_what_was_swept_and_become_a_plot_again(tmp_path, request):
    (tmp_path / "models").symlink_to(request.config.rootpath / "models")
    folders, registry = Folders.under(tmp_path), load(["nodes"], None)
    text = (
        "a heart\nSteps: 1, Sampler: Euler, Schedule type: Karras, CFG scale: 3, Seed: 5, Size: 64x64, Model: pocket, "
        'RNG: CPU, Script: X/Y/Z plot, X Type: Sampler, X Values: "Euler a, DPM++ 2M", Y Type: Seed, Y Values: "7, 8", '
        'Fixed Y Values: "7, 8", Z Type: Prompt S/R, Z Values: heart, Version: Safelight'
    )
    prompt = compile_document(convert(parse(text), registry.specs, folders).workflow, registry.schemas())
    [plot] = [id for id, node in prompt.items() if node["class_type"] == "XYZPlot"]
    for id, slot in (("grid", 0), ("single", 2)):
        inputs = {"images": [plot, slot], "filename_prefix": id}
        prompt[id] = {"class_type": "SaveImageWithParameters", "inputs": inputs}
    seen: list[events.Event] = []
    executor = Executor(registry, ResultCache(10**8), folders, ContentHashes())
    executor.run(Job("j", orjson.dumps(prompt), ["grid", "single"]), seen.append, threading.Event())
    assert isinstance(seen[-1], events.Succeeded), seen[-1]

    def fields(file):
        found = dict(parse(Image.open(folders.output / file).text["parameters"]).fields)
        return {name: value for name, value in found.items() if name != "Model hash"}

    assert fields("grid_00001_.png") == dict(parse(text).fields)
    cells = [fields(f"single_{number:05}_.png") for number in range(1, 5)]
    wanted = [("Euler a", "7"), ("DPM++ 2M", "7"), ("Euler a", "8"), ("DPM++ 2M", "8")]
    assert [(cell["Sampler"], cell["Seed"]) for cell in cells] == wanted
    assert not any("Script" in cell for cell in cells)
