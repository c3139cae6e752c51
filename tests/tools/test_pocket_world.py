"""The world of the embedded checkpoint, and the checkpoint's names against diffusers' own reader of the format."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tools.pocket import autoencoder, denoiser, export, vocabulary
from tools.pocket.latents import LatentSet, fold_whitening
from tools.pocket.world import (
    BACKGROUNDS,
    NOUNS,
    RESERVED_NOUN,
    RESOLUTION,
    Scene,
    draw_caption,
    draw_scene,
    draw_sway,
    full_caption,
    is_held_out,
    render,
)

APPLE = Scene(noun="apple", style="flat", tint="", background="orange", size="small", place="left")


def test_a_full_caption_tells_every_attribute() -> None:
    assert full_caption(APPLE) == "a small apple on the left on an orange background, flat style"


def test_scenes_and_captions_follow_from_the_seed() -> None:
    def drawn(seed: int) -> list[tuple[Scene, str]]:
        rng = random.Random(seed)
        return [(scene, draw_caption(scene, rng)) for scene in (draw_scene(rng) for _ in range(50))]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_captions_say_nothing_false() -> None:
    rng = random.Random(0)
    for _ in range(300):
        scene = draw_scene(rng)
        caption = draw_caption(scene, rng)
        assert scene.noun in caption
        assert scene.tint in caption
        assert not any(f"{colour} background" in caption for colour in BACKGROUNDS if colour != scene.background)


def test_training_never_shows_a_held_out_pair_or_the_reserved_noun() -> None:
    rng = random.Random(0)
    scenes = [draw_scene(rng) for _ in range(2000)]
    assert not any(is_held_out(scene.noun, scene.tint) for scene in scenes)
    assert {scene.noun for scene in scenes} == set(NOUNS)
    assert RESERVED_NOUN not in NOUNS
    held_out = [draw_scene(rng, held_out=True) for _ in range(50)]
    assert all(is_held_out(scene.noun, scene.tint) for scene in held_out)


def test_a_render_has_the_background_in_its_corners_and_the_object_where_the_caption_says() -> None:
    pixels = np.asarray(render(APPLE)).astype(int)
    assert pixels.shape == (RESOLUTION, RESOLUTION, 3)
    assert all(tuple(pixels[y, x]) == BACKGROUNDS["orange"] for y in (0, -1) for x in (0, -1))
    _, columns = np.nonzero((pixels != BACKGROUNDS["orange"]).any(-1))
    assert columns.mean() < RESOLUTION / 2 - 16


def test_swaying_moves_the_object_by_whole_latents() -> None:
    rng = random.Random(0)
    scenes = [draw_scene(rng) for _ in range(100)]
    assert all(shift % 8 == 0 for scene in scenes for shift in draw_sway(scene, rng))


def test_words_of_the_world_and_other_words_have_rows_of_their_own() -> None:
    known, unknown = vocabulary.compact_ids(["cat dragon"])[0, 1:3].tolist()
    assert known >= vocabulary.STAND_INS > unknown
    table = vocabulary.full_table(torch.full((vocabulary.compact_size(), 8), 7.0))
    cat, dragon, lantern = (vocabulary.token_ids([word])[0, 1] for word in ("cat", "dragon", "lantern"))
    assert table[cat].eq(7).all()
    assert not torch.equal(table[dragon], table[lantern])


def test_folding_normalises_the_latents_and_keeps_the_picture() -> None:
    torch.manual_seed(0)
    vae = autoencoder.build()
    pictures = autoencoder.to_tensor([render(APPLE), render(draw_scene(random.Random(1)))])
    with torch.no_grad():
        before = vae.encode(pictures).latent_dist
        decoded = vae.decode(before.mean).sample
        statistics = before.mean.mean((0, 2, 3)), before.mean.std((0, 2, 3))
        fold_whitening(vae, LatentSet([], before.mean, before.std, *statistics))
        after = vae.encode(pictures).latent_dist
        model_space = after.mean * 0.18215
        torch.testing.assert_close(model_space.mean((0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
        torch.testing.assert_close(model_space.std((0, 2, 3)), torch.ones(4))
        torch.testing.assert_close(vae.decode(after.mean).sample, decoded, atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(after.std * 0.18215 * statistics[1][:, None, None], before.std)


@pytest.fixture(scope="module")
def parts() -> tuple[denoiser.Painter, Any, dict[str, torch.Tensor]]:
    torch.manual_seed(0)
    painter, vae = denoiser.Painter(), autoencoder.build()
    return painter, vae, export.checkpoint_tensors(painter, vae)


@pytest.mark.parametrize(
    ("part", "prefix", "converter"),
    [
        (lambda parts: parts[0].unet, "model.diffusion_model.", "convert_ldm_unet_checkpoint"),
        (lambda parts: parts[1], "first_stage_model.", "convert_ldm_vae_checkpoint"),
    ],
    ids=["denoiser", "autoencoder"],
)
def test_diffusers_reads_the_names_back(
    parts: tuple[Any, ...], part: Callable[[Any], Any], prefix: str, converter: str
) -> None:
    from diffusers.loaders import single_file_utils

    module, tensors = part(parts), parts[2]
    own = {name: value for name, value in tensors.items() if name.startswith(prefix)}
    read = getattr(single_file_utils, converter)(own, dict(module.config))
    state = module.state_dict()
    assert read.keys() == state.keys()
    for name, value in state.items():
        assert torch.equal(read[name].reshape(value.shape), value.half()), name


def test_the_text_encoder_is_named_as_transformers_names_it(
    parts: tuple[denoiser.Painter, Any, dict[str, torch.Tensor]],
) -> None:
    prefix = "cond_stage_model.transformer.text_model."
    written = {name.removeprefix(prefix) for name in parts[2] if name.startswith(prefix)}
    assert written == {name.removeprefix("text_model.") for name in parts[0].encoder.state_dict()}
    assert parts[2][f"{prefix}embeddings.token_embedding.weight"].shape == (49408, 96)
