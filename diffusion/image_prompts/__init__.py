"""Pictures as prompts: CLIP's view of a picture, and what models make of it."""
