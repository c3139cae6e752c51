"""`comfy_api.torch_helpers`: compiling models."""

from typing import Any

from compat.host.stubs import unsupported

__all__ = ["set_torch_compile_wrapper"]


def set_torch_compile_wrapper(model: Any, *_: Any, **__: Any) -> None:
    """Not supported: models are handles that cannot be changed."""
    raise unsupported("comfy_api.torch_helpers.set_torch_compile_wrapper")
