"""Latents and encoded captions on disk: made once, anew where they are damaged, and removed when there are many."""

import os
from dataclasses import replace

import pytest
import torch

from diffusion.model import Vae
from diffusion.training.buckets import Buckets
from diffusion.training.encodings import Encodings, kept_states
from diffusion.training.lora import states_of
from diffusion.training.pictures import read_folder
from diffusion.training.samples import encoded
from tools.mascot.ghost import write

BUCKETS = Buckets((64, 64), step=8, low=32, high=128)


def test_latents_of_a_content_are_made_once_for_a_vae_and_a_size(tiny, tmp_path, monkeypatch):
    write(tmp_path / "ghost", 2, 64, "a ghost")
    kept, made, encode = Encodings(tmp_path / "kept"), [], Vae.encode
    monkeypatch.setattr(Vae, "encode", lambda vae, pixels: made.append(1) or encode(vae, pixels))

    def latents(vae=tiny.vae, buckets=BUCKETS, flip=True) -> list[torch.Tensor]:
        data = read_folder(tmp_path / "ghost")
        samples = encoded(data, buckets, vae, tiny.model.latent_format, flip=flip, kept=kept)
        return [latent for each in samples for latent in (each.latent, each.flipped) if latent is not None]

    first = latents()
    assert len(made) == 4
    (tmp_path / "ghost" / "ghost_01.png").rename(tmp_path / "ghost" / "other.png")
    assert all(map(torch.equal, latents(), first))
    latents(flip=False)
    assert len(made) == 4
    for file in kept.folder.iterdir():
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    assert all(map(torch.equal, latents(), first))
    assert len(made) == 8
    latents(buckets=Buckets((32, 32), step=8, low=16, high=64))
    assert len(made) == 12
    latents(vae=replace(tiny.vae, source=replace(tiny.vae.source, dtype=torch.bfloat16)))
    for _ in range(2):  # of which nobody knows what it is
        latents(vae=replace(tiny.vae, source=None))
    assert len(made) == 24


def test_captions_are_encoded_once_by_text_encoders_that_read_alike(tiny, tmp_path):
    kept, asked = Encodings(tmp_path), []

    def states(clip, text):
        def plain(text):
            asked.append(text)
            return states_of(clip)(text)

        return kept_states(clip, plain, kept, 9)(text)

    first, settings = states(tiny.clip, "a ghost")
    again, same = states(tiny.clip, "a ghost")
    assert torch.equal(first, again)
    assert settings.keys() == same.keys()
    assert torch.equal(settings["pooled_output"], same["pooled_output"])
    assert len(asked) == 1
    states(tiny.clip, "a ghost, red")
    states(tiny.clip.with_last_layer(-2), "a ghost")
    for _ in range(2):  # the file behind it may be another one
        states(tiny.clip, "a (Embedding:ghst)")
    assert len(asked) == 5
    few = kept_states(tiny.clip, states_of(tiny.clip), kept, 2)
    before = len(list(tmp_path.iterdir()))
    for text in "abcdb":
        few(text)
    assert len(list(tmp_path.iterdir())) == before + 2


def test_what_was_not_used_for_longest_goes_first(tmp_path):
    kept = Encodings(tmp_path)
    for at in range(3):
        kept.tensors(str(at), lambda: {"latent": torch.zeros(100)})
        os.utime(tmp_path / f"{at}.encoding", (at, at))
    kept.tensors("0", lambda: pytest.fail("it is there"))
    size = (tmp_path / "0.encoding").stat().st_size
    assert kept.trim(2 * size) == 2 * size
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.encoding", "2.encoding"]


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path):
    (tmp_path / "kept").write_text("a file in its place")
    found = Encodings(tmp_path / "kept").tensors("key", lambda: {"latent": torch.ones(1)})
    assert found["latent"] == 1
