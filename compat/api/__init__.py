"""`comfy_api`: ComfyUI's second contract, in which a node is a class with a schema of typed inputs and outputs."""
