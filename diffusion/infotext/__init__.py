"""The text in which Stable Diffusion WebUI and its relatives write down how a picture was made ("infotext")."""

from diffusion.infotext.parameters import InfotextError, Parameters, is_infotext, parse, write

__all__ = ["InfotextError", "Parameters", "is_infotext", "parse", "write"]
