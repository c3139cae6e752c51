import math

import numpy as np
import psutil
import pytest
import torch

from graph.execution.memory_advice import advice, bytes_asked_for, sentence, size
from graph.node_spec import Input, NodeSpec

CUDA = (
    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.10 GiB of which 10.50 GiB is"
    " free. Including non-PyTorch memory, this process has 68.59 GiB memory in use. Of the allocated memory 60.00 GiB"
    " is allocated by PyTorch, and 8.00 GiB is reserved by PyTorch but unallocated."
)
MPS = (
    "MPS backend out of memory (MPS allocated: 9.05 GB, other allocations: 8.94 GB, max allowed: 18.13 GB). Tried to"
    " allocate 320.00 MB on private pool."
)


def raised(call):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the library raises is what is of interest
        call()
    return caught.value


@pytest.mark.parametrize(
    ("error", "asked_for"),
    [
        (torch.OutOfMemoryError(CUDA), 20 * 2**30),
        (RuntimeError(MPS), 320 * 2**20),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 4096 bytes."),
            4096,
        ),
        (RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be reported later"), math.nan),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), math.nan),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), math.nan),
        (
            Exception("OpenCV(5.0) error: (-4:Insufficient memory) Failed to allocate 1920000 bytes in function"),
            1920000,
        ),
        (MemoryError(), math.nan),
    ],
    ids=str,
)
def test_what_libraries_say_is_understood(error, asked_for):
    found = bytes_asked_for(error)
    assert found == asked_for or (math.isnan(found) and math.isnan(asked_for))


@pytest.mark.parametrize(
    ("call", "asked_for"),
    [
        (lambda: torch.empty(10**13), 4 * 10**13),
        (lambda: torch.empty(2**62, 2**62), math.inf),
        (lambda: torch.empty(2**70), math.inf),
        (lambda: torch.nn.functional.interpolate(torch.zeros(1, 3, 8, 8), size=(2**31, 2**31)), math.inf),
        (lambda: np.empty((2**62, 2**62)), math.inf),
        (lambda: np.zeros(2**70), math.inf),
        (lambda: b"0" * 2**80, math.inf),
        (lambda: bytearray(2**50), math.nan),
    ],
)
def test_what_really_happens_is_understood(call, asked_for):
    found = bytes_asked_for(raised(call))
    assert found == asked_for or (math.isnan(found) and math.isnan(asked_for))


def test_numpy_says_it_in_units():
    error = raised(lambda: np.empty(10**14))
    assert bytes_asked_for(error) == pytest.approx(8 * 10**14, rel=0.01)


@pytest.mark.parametrize(
    "error",
    [
        OverflowError("math range error"), ValueError("The picture cannot be read."), KeyError("out"),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"), OSError("not enough memory cards"),
    ],
    ids=str,
)  # fmt: skip
def test_other_errors_are_not_about_memory(error):
    assert bytes_asked_for(error) is None


def test_sizes_are_for_people():
    assert [size(n) for n in (0, 2048, 3 * 2**20, 1.5 * 2**30, 2**41)] == [
        "0.0 KB", "2.0 KB", "3.0 MB", "1.5 GB", "2.0 TB",
    ]  # fmt: skip
    assert sentence(2**30) == "There was not enough memory: 1.0 GB more were asked for."
    assert sentence(math.nan) == "There was not enough memory."
    assert "any computer" in sentence(math.inf)


def spec(id="Node", *inputs):
    items = tuple(Input(name, kind, True) for name, kind in inputs)
    return NodeSpec(
        id=id, function=lambda: None, title=id, category="", description="", inputs=items, outputs=(), module=""
    )


def image(*shape):
    return torch.empty(shape, device="meta")


def positions(text, *parts):
    found = [text.find(part) for part in parts]
    assert -1 not in found, text
    return found


def test_what_is_most_likely_to_help_comes_first():
    values = {"batch_size": 64, "width": 4096, "height": 2048, "model": object()}
    text = advice(2**30, spec("Sampler", ("model", "MODEL")), values)
    found = positions(
        text, "Lower batch_size (64).", "smaller than 4096 x 2048", "smaller model", "Close other programs"
    )
    assert found == sorted(found)


def test_pictures_and_latents_say_how_large_they_are():
    text = advice(2**30, spec("Scale"), {"image": image(9, 1000, 2000, 3), "scale_by": 8.0})
    positions(text, "there are 9", "Lower scale_by (8.0)", "smaller than 2000 x 1000")
    text = advice(2**30, spec("Decode"), {"samples": {"samples": image(5, 4, 64, 64)}, "mask": image(1, 64, 64)})
    positions(text, "there are 5", "Make the picture or the batch smaller.")
    assert "batch of 1" not in advice(2**30, spec(), {"image": image(1, 10, 10, 3)})


def test_nodes_with_a_tiled_twin_name_it_and_tiled_nodes_their_tiles():
    assert "Use VAEDecode (Tiled)" in advice(2**30, spec("VAEDecode"), {})
    text = advice(2**30, spec("VAEDecodeTiled"), {"tile_size": 1024})
    assert "Lower tile_size (1024)." in text
    assert "Use" not in text


def test_it_says_what_was_free_and_what_could_not_help():
    total = psutil.virtual_memory().total
    text = advice(2**30, spec(), {})
    assert f"of {size(total)} were free" in text
    assert "kept for later 3.0 GB" in advice(2**30, spec(), {}, kept=3 << 30)
    assert "Close other programs" not in advice(float(total * 2), spec(), {})
    assert "queue it again" in advice(2**30, spec(), {}, kept=total)
    assert "queue it again" not in advice(math.inf, spec(), {}, kept=total)
    assert "queue it again" not in text
