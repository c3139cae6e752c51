"""The nodes that read and write files, in folders of their own."""

import io
import json
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from PIL import Image

from graph.declare import InputError
from graph.folders import Folders
from nodes.images import load_image, load_image_mask, preview_image, save_image
from nodes.latents import load_latent, save_latent

PROMPT = {"1": {"class_type": "SaveImage", "inputs": {"filename_prefix": "雪"}}}
WORKFLOW = {"nodes": [], "links": [], "version": 0.4}


@dataclass
class Surroundings:
    """What a node may ask of its surroundings, as far as these nodes do."""

    folders: Folders
    metadata: bool = True
    prompt: dict = field(default_factory=lambda: PROMPT)
    extra_pnginfo: dict = field(default_factory=lambda: {"workflow": WORKFLOW})
    shown: dict = field(default_factory=dict)

    def show(self, kind, items):
        self.shown.setdefault(kind, []).extend(items)

    def check(self):
        pass


@pytest.fixture
def ctx(tmp_path) -> Surroundings:
    folders = Folders.under(tmp_path)
    for folder in (folders.input, folders.output, folders.temp):
        folder.mkdir()
    return Surroundings(folders)


def picture(height: int = 6, width: int = 8) -> torch.Tensor:
    return torch.randint(0, 256, (1, height, width, 3)) / 255


def test_a_saved_picture_carries_its_making_and_opens_again(ctx):
    images = torch.cat([picture(), picture()])
    save_image(ctx, images, "series/snow %width%x%height% %batch_num%")
    assert ctx.shown["images"] == [
        {"filename": "snow 8x6 0_00001_.png", "subfolder": "series", "type": "output"},
        {"filename": "snow 8x6 1_00001_.png", "subfolder": "series", "type": "output"},
    ]
    path = ctx.folders.output / "series" / "snow 8x6 1_00001_.png"
    text = Image.open(path).text
    assert {key: json.loads(value) for key, value in text.items()} == {"prompt": PROMPT, "workflow": WORKFLOW}
    loaded = load_image(ctx, "series/snow 8x6 1_00001_.png [output]")
    torch.testing.assert_close(loaded.IMAGE, images[1:], atol=1e-7, rtol=0)


def test_metadata_can_be_turned_off(ctx):
    ctx.metadata = False
    save_image(ctx, picture(), "plain")
    assert Image.open(ctx.folders.output / "plain_00001_.png").text == {}


def test_numbers_go_on(ctx):
    (ctx.folders.output / "x_00041_.png").touch()
    for _ in range(2):
        save_image(ctx, picture(), "x")
    assert [item["filename"] for item in ctx.shown["images"]] == ["x_00042_.png", "x_00043_.png"]


@pytest.mark.parametrize("prefix", ["../x", "a/../../x", "/x", "C:\\x", "x\0y", "..\\x"])
@pytest.mark.parametrize("save", [lambda ctx, prefix: save_image(ctx, picture(), prefix),
                                  lambda ctx, prefix: save_latent(ctx, {"samples": torch.zeros(1, 4, 8, 8)}, prefix)],
                         ids=["image", "latent"])  # fmt: skip
def test_nothing_is_written_outside_the_output_folder(ctx, tmp_path, prefix, save):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as refusal:
        save(ctx, prefix)
    assert refusal.value.input_name == "filename_prefix"
    assert sorted(tmp_path.rglob("*")) == before


def test_previews_are_temporary(ctx):
    preview_image(ctx, torch.cat([picture(), picture()]))
    assert [item["type"] for item in ctx.shown["images"]] == ["temp", "temp"]
    names = {item["filename"] for item in ctx.shown["images"]}
    assert {file.name for file in ctx.folders.temp.iterdir()} == names
    assert len(names) == 2
    assert not list(ctx.folders.output.iterdir())


def test_loading_gives_picture_and_mask(ctx):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 4), dtype=np.uint8)
    Image.fromarray(pixels).save(ctx.folders.input / "x.png")
    image, mask = load_image(ctx, "x.png")
    np.testing.assert_allclose(image.numpy()[0], pixels[..., :3] / 255, atol=1e-7)
    np.testing.assert_allclose(mask.numpy()[0], 1 - pixels[..., 3] / 255, atol=1e-6)
    torch.testing.assert_close(load_image_mask(ctx, "x.png", "alpha"), mask)
    np.testing.assert_allclose(load_image_mask(ctx, "x.png", "green").numpy()[0], pixels[..., 1] / 255, atol=1e-7)


@pytest.mark.parametrize("load", [load_image, load_image_mask, load_latent])
def test_a_missing_or_wrong_file_is_named(ctx, load):
    (ctx.folders.input / "words.png").write_text("not a picture")
    for name, complaint in (
        ("absent.png", "absent.png"),
        ("words.png", "words.png"),
        ("../x.png", "outside|leads out"),
    ):
        with pytest.raises((InputError, ValueError), match=complaint):
            load(ctx, name)


def test_latents_are_kept_with_their_making(ctx):
    latent = {"samples": torch.randn(2, 4, 8, 8)}
    save_latent(ctx, latent)
    assert ctx.shown["latents"] == [{"filename": "Safelight_00001_.latent", "subfolder": "latents", "type": "output"}]
    loaded = load_latent(ctx, "latents/Safelight_00001_.latent [output]")
    torch.testing.assert_close(loaded["samples"], latent["samples"])
    header = io.BytesIO((ctx.folders.output / "latents" / "Safelight_00001_.latent").read_bytes())
    length = int.from_bytes(header.read(8), "little")
    assert json.loads(json.loads(header.read(length))["__metadata__"]["prompt"]) == PROMPT
