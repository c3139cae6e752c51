"""Telling from pictures what they show: tags, scores and captions that prompts can be made of."""
