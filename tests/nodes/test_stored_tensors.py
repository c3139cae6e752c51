import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import nodes.stored_tensors  # noqa: F401 - what is tested
from graph.caching.size import size_of
from graph.caching.stored_form import DamagedError, NotPlainError, freeze, load

DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.bool, torch.complex64,
]  # fmt: skip
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)


def again(value):
    return load(io.BytesIO(b"".join(freeze(value).chunks("key"))), "key")


def bits(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8).tolist()


def random_tensor(shape, dtype, seed=0):
    """Random bits: NaN, infinities and denormal numbers among them."""
    tensor = torch.empty(shape, dtype=dtype)
    generator = torch.Generator().manual_seed(seed)
    most = 2 if dtype is torch.bool else 256
    tensor.reshape(-1).view(torch.uint8).random_(0, most, generator=generator)
    return tensor


@given(shapes, st.sampled_from(DTYPES), st.integers(0, 1000))
def test_every_bit_of_a_tensor_comes_back(shape, dtype, seed):
    tensor = random_tensor(shape, dtype, seed)
    back = again(tensor)
    assert (type(back), back.dtype, back.shape) == (torch.Tensor, dtype, tensor.shape)
    assert bits(back) == bits(tensor)


@pytest.mark.parametrize(
    "view",
    [
        lambda t: t.transpose(1, 3),
        lambda t: t[:, ::2, 1:],
        lambda t: t[0].expand(5, 3, 4, 5),
        lambda t: t.to(memory_format=torch.channels_last),
        lambda t: t[0, 0, 0, 0],
        lambda t: torch.complex(t, t).conj(),
        lambda t: torch.complex(t, t).conj().imag,
    ],
)
def test_a_view_comes_back_as_a_tensor_of_its_own(view):
    tensor = view(torch.randn(2, 3, 4, 5))
    back = again(tensor)
    assert torch.equal(back, tensor)
    assert back.is_contiguous()
    assert back.untyped_storage().nbytes() == back.nbytes


def test_what_comes_back_is_an_ordinary_tensor():
    tensor = torch.randn(3, 4)
    one, other = again(tensor), again(tensor)
    one += 1
    assert torch.equal(other, tensor)
    one.resize_(100, 100)
    with torch.inference_mode():
        made_there = torch.ones(2)
    assert torch.equal(again(made_there).add_(1), torch.full((2,), 2.0))


def test_a_change_after_freezing_changes_nothing():
    tensor, array = torch.ones(3), np.ones(3)
    frozen = freeze([tensor, array])
    tensor.zero_()
    array[:] = 0
    tensor_back, array_back = load(io.BytesIO(b"".join(frozen.chunks("key"))), "key")
    assert tensor_back.tolist() == array_back.tolist() == [1, 1, 1]


def test_one_tensor_in_two_places_is_stored_once_and_stays_one():
    tensor = torch.randn(100, 100)
    value = [tensor, {"again": tensor}, torch.zeros(1)]
    assert freeze(value).size < 50_000
    back = again(value)
    assert back[0] is back[1]["again"]
    assert torch.equal(back[0], tensor)
    assert back[2].tolist() == [0]


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(2, requires_grad=True),
        torch.nn.Parameter(torch.ones(2)),
        torch.eye(3).to_sparse(),
        torch.empty(2, device="meta"),
        torch.nn.Linear(2, 2),
        torch.float32,
        np.array([object()]),
        np.zeros(2, dtype=[("a", "f4")]),
        np.ma.masked_array([1, 2], mask=[True, False]),
        torch.zeros(1000, 1).expand(1000, 1000),
        np.broadcast_to(np.zeros(1000), (1000, 1000)),
    ],
    ids=lambda value: f"{type(value).__name__} {str(value)[:40]}",
)
def test_what_would_not_be_the_same_again_is_not_stored(value):
    with pytest.raises(NotPlainError):
        freeze({"value": value})


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 3)),
        np.array(2.5),
        np.arange(12, dtype=">i2").reshape(3, 4).T,
        np.array(["a", "bcd"]),
        np.array([b"a", b"bcd"]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.array([1 + 2j, np.nan]),
        np.arange(10)[::-2],
    ],
    ids=str,
)
def test_arrays_come_back(array):
    back = again(array)
    assert (type(back), back.dtype, back.shape) == (np.ndarray, array.dtype, array.shape)
    assert np.array_equal(back, array, equal_nan=array.dtype.kind in "fc")
    assert back.flags.writeable


@pytest.mark.parametrize("number", [np.float32(1.5), np.float64("nan"), np.int64(-3), np.uint8(255), np.bool_(True)])
def test_numbers_of_numpy_keep_their_type(number):
    back = again([number])[0]
    assert type(back) is type(number)
    assert back == number or back != back


@pytest.mark.parametrize(
    "description", [("float99", (2,)), ("nn", (2,)), ("float32", (2, -1)), ("float32", (3,)), ("float32",), None]
)
def test_a_wrong_description_is_damage(description, monkeypatch):
    from graph.caching import stored_form

    codec = stored_form._codecs[torch.Tensor]
    wrong = stored_form.Codec(codec.name, lambda tensor: (description, b"12345678"), codec.make)
    monkeypatch.setitem(stored_form._codecs, torch.Tensor, wrong)
    with pytest.raises(DamagedError):
        again(torch.zeros(2))


def test_the_size_of_what_comes_back_is_its_own():
    tensors = [torch.randn(100, 100)[:1], torch.randn(50)]
    assert size_of(tensors).bytes > 40_000
    assert size_of(again(tensors)).bytes < 2000
