"""Attributes of networks by their dotted names."""

from typing import Any

import torch


def get_attr(obj: Any, attr: str) -> Any:
    """The attribute with a dotted name. Raises AttributeError."""
    for name in attr.split("."):
        obj = getattr(obj, name)
    return obj


def set_attr(obj: Any, attr: str, value: Any) -> Any:
    """Set the attribute with a dotted name, and return what was there. Raises AttributeError."""
    owner, name = _owner(obj, attr)
    before = getattr(owner, name)
    setattr(owner, name, value)
    return before


def set_attr_param(obj: Any, attr: str, value: torch.Tensor) -> Any:
    """`set_attr` with the tensor as a parameter that is not trained."""
    return set_attr(obj, attr, torch.nn.Parameter(value, requires_grad=False))


def copy_to_param(obj: Any, attr: str, value: torch.Tensor) -> None:
    """Copy a tensor into the parameter with a dotted name."""
    owner, name = _owner(obj, attr)
    getattr(owner, name).data.copy_(value)


def _owner(obj: Any, attr: str) -> tuple[Any, str]:
    path, _, name = attr.rpartition(".")
    return (get_attr(obj, path) if path else obj), name
