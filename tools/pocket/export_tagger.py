"""Write the tagger: `python -m tools.pocket.export_tagger`, from what `tools.pocket.tagger` left.

Half precision; the tags, and how captions are made of them, are JSON in the metadata, under `tagger`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from diffusion.interrogation.pocket import COUNTER, METADATA_KEY, Network
from diffusion.weights import save_weights
from tools.pocket import tagger
from tools.pocket.resumable import load_averaged
from tools.pocket.world import ROOT

TAGGER = ROOT.parents[1] / "models" / "taggers" / "pocket_tagger.safetensors"
METADATA = {
    "modelspec.sai_model_spec": "1.0.0",
    "modelspec.title": "Pocket Tagger",
    "modelspec.description": "Says what pictures of the pocket checkpoint's world show, as a prompt for it.",
    "modelspec.license": "Apache-2.0; trained on Microsoft's Fluent Emoji (MIT)",
    METADATA_KEY: tagger.CARD.to_json(),
}


def main() -> None:
    """Write the averaged weights of the training."""
    parser = argparse.ArgumentParser(description="Write the tagger of the embedded world from its training's state.")
    parser.add_argument("--output", type=Path, default=TAGGER)
    output: Path = parser.parse_args().output
    network = Network(tagger.CARD)
    step = load_averaged(network, tagger.TAGGER)
    tensors = {name: value.half() for name, value in network.state_dict().items() if not name.endswith(COUNTER)}
    save_weights(output, tensors, METADATA)
    print(f"{output}: {len(tensors)} tensors, {output.stat().st_size / 1e6:.2f} MB, step {step}")


if __name__ == "__main__":
    main()
