"""Node classes of ComfyUI's two contracts, read into `NodeSpec`: `packs.nodes_of` is where it begins."""
