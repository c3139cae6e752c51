"""New pack: its nodes are in nodes.py, its widget in web/, its translations in locales/."""

from .nodes import warmth

__all__ = ["warmth"]
