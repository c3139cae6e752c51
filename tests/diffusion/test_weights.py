import json
import os
import struct
import sys
import tempfile
import types
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from safetensors.torch import load, save, save_file

from diffusion.weights import WeightsError, load_pickle, load_weights, read_header, save_weights

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4, dtype=torch.float16)}


class RunsCommand:
    """What a hostile checkpoint holds: unpickling it runs a command."""

    def __reduce__(self):
        return os.system, ("touch pwned",)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.safetensors"
    save_file(TENSORS, path, metadata={"title": "x", "unet_config": '{"num_heads": 4}'})
    return path


def complaint(path: Path) -> str:
    """What reading the header and reading the weights both complain about, in a sentence that names the file."""
    with pytest.raises(WeightsError) as header:
        read_header(path)
    with pytest.raises(WeightsError) as weights:
        load_weights(path)
    assert str(header.value) == str(weights.value)
    assert path.name in str(header.value)
    assert "\n" not in str(header.value)
    return str(header.value)


def test_header_has_names_shapes_types_and_metadata(good):
    header = read_header(good)
    assert header.shape("a.weight") == (2, 3)
    assert header.tensors["b"].dtype == torch.float16
    assert header.shape("c") is None
    assert header.metadata["title"] == "x"
    assert header.config("unet_config") == {"num_heads": 4}
    assert header.config("vae_config") == {}
    assert header.has_prefix("a.")
    assert not header.has_prefix("c")


def test_metadata_that_is_no_json_is_named(tmp_path):
    save_file(TENSORS, tmp_path / "x.safetensors", metadata={"unet_config": "{"})
    with pytest.raises(WeightsError, match=r"x\.safetensors: its metadata 'unet_config' is not JSON"):
        read_header(tmp_path / "x.safetensors").config("unet_config")


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_weights_are_mapped_from_the_file(tmp_path, suffix):
    path = tmp_path / f"mapped{suffix}"
    if suffix == ".ckpt":
        torch.save({"state_dict": TENSORS}, path)
    else:
        save_file(TENSORS, path)
    weights = load_weights(path)
    assert {name: tensor.tolist() for name, tensor in weights.items()} == {n: t.tolist() for n, t in TENSORS.items()}
    address = weights["a.weight"].data_ptr()
    maps = [item for item in psutil.Process().memory_maps(grouped=False) if item.path.endswith(path.name)]
    assert any(low <= address < high for low, high in (map(_hexadecimal, item.addr.split("-")) for item in maps))


@pytest.mark.parametrize("shift", range(4))
def test_tensors_of_every_type_are_those_that_safetensors_reads(tmp_path, shift):
    """Also where they begin at no multiple of their size: some programs do not fill the header up with spaces."""
    types = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.int64, torch.bool)
    tensors = {str(dtype): (torch.arange(12.0) - 3).reshape(3, 4).to(dtype) for dtype in types}
    content = save({**tensors, "empty": torch.zeros(0, 3), "scalar": torch.tensor(2.5)})
    length = struct.unpack("<Q", content[:8])[0]
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", length + shift) + content[8 : 8 + length] + b" " * shift + content[8 + length :])
    ours, theirs = load_weights(path), load(content)
    assert {name: (each.dtype, each.shape) for name, each in ours.items()} == {
        name: (each.dtype, each.shape) for name, each in theirs.items()
    }
    assert all(torch.equal(ours[name].double(), theirs[name].double()) for name in theirs)


def _hexadecimal(text: str) -> int:
    return int(text, 16)


@pytest.mark.parametrize("new_format", [True, False])
def test_pickles_load_without_their_training_state(tmp_path, new_format):
    path = tmp_path / "old.ckpt"
    content = {"state_dict": TENSORS, "global_step": np.float64(3), "epoch": 2}
    torch.save(content, path, _use_new_zipfile_serialization=new_format)
    assert read_header(path).shape("a.weight") == (2, 3)
    assert torch.equal(load_weights(path)["a.weight"], TENSORS["a.weight"])


def test_the_class_that_training_programs_leave_in_checkpoints_is_passed_over(tmp_path):
    path = tmp_path / "lightning.ckpt"
    module = "pytorch_lightning.callbacks.model_checkpoint"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("pytorch_lightning", "pytorch_lightning.callbacks", module):
            patch.setitem(sys.modules, name, types.ModuleType(name))
        callback = type("ModelCheckpoint", (), {"__module__": module})
        sys.modules[module].ModelCheckpoint = callback
        torch.save({"state_dict": TENSORS, "callbacks": {"x": callback()}}, path)
    assert load_weights(path).keys() == TENSORS.keys()


@pytest.mark.parametrize("new_format", [True, False])
def test_pickled_code_is_not_run(tmp_path, monkeypatch, new_format):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.ckpt"
    torch.save({"state_dict": TENSORS, "x": RunsCommand()}, path, _use_new_zipfile_serialization=new_format)
    assert "holds pickled code (posix.system) and was not loaded" in complaint(path)
    assert not (tmp_path / "pwned").exists()


def test_a_pickled_module_is_code_too(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pt")
    assert "torch.nn.modules.linear.Linear" in complaint(tmp_path / "module.pt")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "is a Git LFS pointer"),
        (b"PK", "is not a safetensors file"),
        (b"hello, this is a text of some length", "is not a safetensors file"),
        (struct.pack("<Q", 5000) + b'{"a":', "is cut off within its header"),
        (struct.pack("<Q", 5) + b'{"a":', "has a corrupt header"),
        (struct.pack("<Q", 8) + b'{"a": 1}', "has a corrupt header"),
        (struct.pack("<Q", 60) + b'{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}      ', "unknown type"),
    ],
)
def test_broken_safetensors(tmp_path, content, fault):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    assert fault in complaint(path)


def test_every_truncation_is_found(good, tmp_path):
    content = good.read_bytes()
    path = tmp_path / "cut.safetensors"
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        complaint(path)


@given(
    st.binary(max_size=200) | st.binary(max_size=100).map(lambda text: struct.pack("<Q", len(text)) + text),
    st.sampled_from([".safetensors", ".ckpt"]),
)
def test_any_bytes_are_refused_in_a_sentence(content, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"noise{suffix}")
        path.write_bytes(content)
        complaint(path)


json_values = st.recursive(
    st.none() | st.integers(-2, 9) | st.sampled_from(["F32", "shape", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["shape", "dtype", "a"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["a", "__metadata__"]), json_values, min_size=1))
def test_any_json_header_without_offsets_is_refused_in_a_sentence(entries):
    assume(set(entries) != {"__metadata__"})
    text = json.dumps(entries).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "noise.safetensors")
        path.write_bytes(struct.pack("<Q", len(text)) + text)
        complaint(path)


def test_truncated_pickles(tmp_path):
    torch.save(TENSORS, tmp_path / "whole.ckpt")
    content = (tmp_path / "whole.ckpt").read_bytes()
    for length in (10, len(content) // 2, len(content) - 10):
        (tmp_path / "cut.ckpt").write_bytes(content[:length])
        assert "corrupt" in complaint(tmp_path / "cut.ckpt")
    (tmp_path / "text.ckpt").write_text("hello world")
    assert "corrupt" in complaint(tmp_path / "text.ckpt")


def test_a_file_that_went_away(tmp_path):
    assert "is not there any more" in complaint(tmp_path / "gone.safetensors")


def test_pickles_without_tensors(tmp_path):
    torch.save([1, 2], tmp_path / "list.pt")
    assert "holds a list" in complaint(tmp_path / "list.pt")
    torch.save({"a": 1}, tmp_path / "numbers.pt")
    assert "holds no tensors" in complaint(tmp_path / "numbers.pt")
    assert load_pickle(tmp_path / "numbers.pt") == {"a": 1}


def test_the_same_content_gives_the_same_bytes(tmp_path):
    path, metadata = tmp_path / "a.safetensors", {f"键 {number}": f'"{number}"\n\x01猫' for number in range(20)}
    written = []
    for _ in range(4):
        save_weights(path, TENSORS, metadata)
        written.append(path.read_bytes())
    assert written == written[:1] * 4
    assert read_header(path).metadata == {"format": "pt", **metadata}
    assert torch.equal(load_weights(path)["a.weight"], TENSORS["a.weight"])


def test_saved_weights_are_read_back_and_replace_the_old_file_at_once(tmp_path):
    path = tmp_path / "new.safetensors"
    path.write_bytes(b"old")
    save_weights(path, {"a": torch.arange(6).reshape(2, 3).T}, {"title": "y"})
    assert load_weights(path)["a"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert read_header(path).metadata == {"format": "pt", "title": "y"}
    assert [item.name for item in tmp_path.iterdir()] == ["new.safetensors"]
