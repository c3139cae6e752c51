"""The prompts of Stable Diffusion WebUI: another reading of the same text than ComfyUI's.

A prompt goes through it in this order: styles (`styles`), comments and `<lora:…>` tags (`extra_networks`), `AND`
(`composition`), changes with the steps (`schedule`), emphasis (`emphasis`), chunks of tokens (`chunks`), states
(`encode`). Wildcards (`wildcards`) come before all of it. `diffusion.text.prompt` has ComfyUI's syntax.
"""
