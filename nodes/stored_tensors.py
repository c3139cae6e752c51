"""How tensors and arrays are stored with results on disk: their bytes, beside their number format and shape.

Only what comes back as it was is stored, so that a result from disk is as good as the one that was made. That leaves
out tensors on other devices than the CPU, those that take part in differentiation, and every layout but the ordinary
one. What was a view, or lay in memory in another order, comes back with the same values as a tensor of its own.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from graph.caching.stored_form import Codec, NotPlainError, register

MOST_REPEATED = 1 << 20
"""Bytes up to which a value that repeats itself in memory (`Tensor.expand`) is written out."""
NUMBERS = "biufcmMSU"
"""The kinds of numpy's formats whose values are nothing but their bytes."""


def take_tensor(tensor: torch.Tensor) -> tuple[Any, bytes]:
    """Name of the format and shape, and the bytes. Raises NotPlainError."""
    if tensor.device.type != "cpu" or tensor.layout is not torch.strided or tensor.requires_grad or tensor.is_quantized:
        raise NotPlainError("only ordinary tensors on the CPU have a stored form")
    _refuse_repeats(tensor.shape, tensor.stride(), tensor.nbytes)
    plain = tensor.resolve_conj().resolve_neg().contiguous()
    return (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)), _memory(plain).tobytes()


def make_tensor(description: Any) -> tuple[torch.Tensor, memoryview]:
    """A new tensor, and its memory. Raises ValueError, TypeError, AttributeError, RuntimeError."""
    name, shape = description
    dtype = getattr(torch, name)
    if not isinstance(dtype, torch.dtype):
        raise ValueError(f"{name} is no number format")
    tensor = torch.empty(shape, dtype=dtype)
    return tensor, _memory(tensor)


def _memory(tensor: torch.Tensor) -> memoryview:
    """The bytes of a contiguous tensor. (`Tensor.numpy` would forbid for good that the tensor is resized.)"""
    if not tensor.nbytes:
        return memoryview(bytearray())
    return memoryview((ctypes.c_char * tensor.nbytes).from_address(tensor.data_ptr())).cast("B")


def take_array(array: "np.ndarray[Any, Any]") -> tuple[Any, bytes]:
    """Format and shape, and the bytes. Raises NotPlainError."""
    if array.dtype.kind not in NUMBERS or not array.dtype.itemsize:
        raise NotPlainError(f"arrays of {array.dtype} have no stored form")
    _refuse_repeats(array.shape, array.strides, array.nbytes)
    return (array.dtype.str, array.shape), array.tobytes()


def make_array(description: Any) -> tuple["np.ndarray[Any, Any]", memoryview]:
    """A new array, and its memory. Raises ValueError, TypeError."""
    array = np.empty(description[1], dtype=description[0])
    return array, array.reshape(-1).view(np.uint8).data


def take_number(number: "np.generic[Any]") -> tuple[Any, bytes]:
    """Format and bytes of a scalar, both in the description. Raises NotPlainError."""
    (format, _), content = take_array(np.asarray(number))
    return (format, content), b""


def make_number(description: Any) -> tuple["np.generic[Any]", memoryview]:
    """The scalar. Raises ValueError, TypeError."""
    return np.frombuffer(description[1], dtype=description[0])[0], memoryview(bytearray())


def _refuse_repeats(shape: Sequence[int], strides: Sequence[int], size: int) -> None:
    if size > MOST_REPEATED and any(side > 1 and not stride for side, stride in zip(shape, strides, strict=True)):
        raise NotPlainError("it is large only because it repeats itself")


register([torch.Tensor], Codec("tensor", take_tensor, make_tensor))
register([np.ndarray], Codec("array", take_array, make_array))
register({np.dtype(code).type for code in "?bhilqBHILQefdgFDG"}, Codec("number", take_number, make_number))
