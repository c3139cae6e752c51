"""Workflows made of the text in which Stable Diffusion WebUI writes down how a picture was made."""

from compat.infotext.conversion import Converted, convert

__all__ = ["Converted", "convert"]
