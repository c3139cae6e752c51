"""The nodes that repaint pictures, run as graphs on the embedded checkpoint with few steps."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from graph.declare import InputError, Subgraph
from graph.engine import Engine
from graph.folders import Folders
from graph.prompt_builder import PromptBuilder
from graph.testing import Recorder
from nodes import image_to_image, inpainting, outpainting, sd_upscale

MODELS = Path(__file__).parents[2] / "models"
SIDE = 64
EXACT = 0.02


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with Engine(tmp_path_factory.mktemp("studio"), models=MODELS, device="cpu") as engine:
        yield engine


@pytest.fixture
def prompt():
    """A prompt with a checkpoint, what repainting nodes want of it, and a picture of two halves with its mask."""
    builder = PromptBuilder()
    loader = builder.add("CheckpointLoader", ckpt_name="pocket.safetensors")
    texts = [builder.add("CLIPEncode", clip=loader.out(1), text=text) for text in ("a red heart", "")]
    settings = {"steps": 1, "cfg": 1.0, "seed": 3, "sampler_name": "euler", "scheduler": "karras"}
    run = {"model": loader.out(0), "positive": texts[0], "negative": texts[1], "vae": loader.out(2), **settings}
    image = builder.add("EmptyImage", width=SIDE, height=SIDE, color=0x3366CC)
    white = builder.add("SolidMask", value=1.0, width=16, height=16)
    black = builder.add("SolidMask", value=0.0, width=SIDE, height=SIDE)
    mask = builder.add("MaskComposite", destination=black, source=white, x=24, y=24, operation="add")
    return SimpleNamespace(builder=builder, run=run, image=image, mask=mask, clip=loader.out(1))


@pytest.mark.parametrize(
    "options",
    [
        {"denoise": 0.75},
        {"area": "only masked", "padding": 8, "width": 64, "height": 64, "masked_content": "latent noise"},
    ],
)
def test_inpainting_keeps_the_rest_bit_for_bit(engine, prompt, options):
    made = prompt.builder.add("Inpaint", **{**prompt.run, "image": prompt.image, "mask": prompt.mask, **options})
    old, new = engine.run(prompt.builder, targets=[prompt.image.id, made.id]).outputs.values()
    assert new.shape == old.shape
    assert torch.equal(new[:, :8], old[:, :8])
    assert torch.equal(new[:, :, 56:], old[:, :, 56:])
    assert (new - old)[:, 28:36, 28:36].abs().mean() > EXACT


def test_soft_inpainting_keeps_what_is_far(engine, prompt):
    made = prompt.builder.add(
        "Inpaint", **prompt.run, image=prompt.image, mask=prompt.mask, soft=True, mask_blur=2, denoise=1.0
    )
    old, new = engine.run(prompt.builder, targets=[prompt.image.id, made.id]).outputs.values()
    assert torch.equal(new[:, :3, :3], old[:, :3, :3])
    assert (new - old)[:, 28:36, 28:36].abs().mean() > EXACT


def test_outpainting_adds_to_the_picture(engine, prompt):
    more = {
        **prompt.run,
        "image": prompt.image,
        "pixels": 32,
        "mask_blur": 2,
        "left": False,
        "up": False,
        "down": False,
    }
    mk2 = prompt.builder.add("OutpaintMk2", **more, context=64)
    poor = prompt.builder.add("OutpaintPoorMan", **more, tile_width=96, tile_height=64)
    for made in engine.run(prompt.builder, targets=[mk2.id, poor.id]).outputs.values():
        assert made.shape == (1, 64, 128, 3)
        assert torch.allclose(made[:, :, :20], torch.tensor([0x33, 0x66, 0xCC]) / 255)
        assert made[:, :, 80:].std() > EXACT


@pytest.mark.parametrize("method", ["lanczos", "latent", "none"])
def test_sd_upscale_gives_the_size(engine, prompt, method):
    made = prompt.builder.add(
        "SDUpscale", **prompt.run, image=prompt.image, scale_by=1.5, upscale_method=method, tile_width=64,
        tile_height=64, overlap=16, batch_size=4, denoise=0.2,
    )  # fmt: skip
    (picture,) = engine.run(prompt.builder, targets=[made.id]).outputs.values()
    side = SIDE if method == "none" else 96
    assert picture.shape == (1, side, side, 3)


def test_loopback_gives_every_picture(engine, prompt):
    tagger = prompt.builder.add("Interrogate")
    made = prompt.builder.add(
        "Loopback", **prompt.run, image=prompt.image, loops=2, captioner=tagger.out(2), clip=prompt.clip, prompt="3d"
    )
    (last, history), = engine.run(prompt.builder, targets=[made.id]).outputs.values()  # fmt: skip
    assert len(history) == 2
    assert torch.equal(history[-1], last)
    assert not torch.equal(history[0], last)


def test_a_picture_is_made_again_from_its_noise(engine, prompt):
    """The embedded checkpoint paints a picture, its noise is found, and sampled again: the picture is the oracle."""
    builder, run = prompt.builder, prompt.run
    empty = builder.add("EmptyLatent", width=SIDE, height=SIDE)
    painted = builder.add(
        "KSampler", model=run["model"], positive=run["positive"], negative=run["negative"], latent_image=empty, seed=1,
        steps=12, cfg=1.0, sampler_name="euler", scheduler="normal", denoise=1.0,
    )  # fmt: skip
    found = builder.add(
        "FindNoise", model=run["model"], positive=run["positive"], negative=run["negative"], latent=painted, steps=30
    )
    again = builder.add(
        "SamplerCustomAdvanced", noise=found, latent_image=found.out(1),
        guider=builder.add("BasicGuider", model=run["model"], conditioning=run["positive"]),
        sampler=builder.add("KSamplerSelect", sampler_name="euler"),
        sigmas=builder.add("BasicScheduler", model=run["model"], scheduler="normal", steps=30),
    )  # fmt: skip
    pictures = [builder.add("VAEDecode", samples=latent, vae=run["vae"]) for latent in (painted, again)]
    old, new = engine.run(builder, targets=[picture.id for picture in pictures]).outputs.values()
    assert (old - new).abs().mean() < 0.05
    assert old.std() > 0.1


def test_a_model_for_inpainting_is_shown_the_picture():
    def types(channels: int) -> list[str]:
        model = SimpleNamespace(config={"in_channels": channels})
        graph = inpainting.inpaint(model=model, positive=[], negative=[], vae=None, image=None, mask=None)
        assert isinstance(graph, Subgraph)
        return [node.class_type for node in graph.nodes.values()]

    assert "InpaintModelConditioning" in types(9)
    assert "InpaintModelConditioning" not in types(4)


def test_pictures_keep_their_names(tmp_path):
    ctx = Recorder(Folders.under(tmp_path))
    image_to_image.save_image_as(ctx, torch.zeros(2, 8, 8, 3), "one.two.jpg", "batch")
    assert sorted(path.name for path in (ctx.folders.output / "batch").iterdir()) == ["one.two-1.png", "one.two.png"]
    with pytest.raises(InputError):
        image_to_image.save_image_as(ctx, torch.zeros(1, 8, 8, 3), "../out.png", "..")


def test_what_cannot_be_done_is_said():
    model, image = SimpleNamespace(config={}), torch.zeros(1, 64, 64, 3)
    links = {"model": model, "positive": [], "negative": [], "vae": None, "image": image}
    with pytest.raises(InputError, match="direction"):
        outpainting.outpaint_mk2(**links, left=False, right=False, up=False, down=False)
    with pytest.raises(InputError, match="larger"):
        outpainting.outpaint_poor_man(**links, pixels=128, tile_width=128)
    with pytest.raises(InputError, match="overlap"):
        sd_upscale.repaint_tiles(**links, tile_width=64, overlap=64)
    with pytest.raises(InputError, match="CLIP"):
        image_to_image.loopback(**links, captioner=object())
