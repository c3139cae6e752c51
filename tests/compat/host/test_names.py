"""The names that packs import from ComfyUI, in a process of their own: all can be imported, and are there or say so."""

import configparser
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TRIAL = Path(__file__).with_name("names_trial.py")

WITHOUT = {
    "comfy_api_nodes.util.download_url_to_video_output",
    "comfy.model_management.unet_dtype_orig",
    "comfy.utils.convert_old_quants",
    "comfy.utils.unet_to_diffusers",
    "folder_paths.get",
    "folder_paths.items",
    "nodes.VHSLoadFormats",
    "server.last_node_id",
}
"""Names of the public contract that a single pack has used, and that are not there."""


def names_by_level():
    parser = configparser.ConfigParser(allow_no_value=True, delimiters=("=",))
    parser.optionxform = str
    parser.read(Path(__file__).with_name("names.ini"), encoding="utf-8")
    return {section: list(parser[section]) for section in parser.sections()}


NAMES = names_by_level()


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a pack has got for each name: "real", or the message of the error that using it raised."""
    base = tmp_path_factory.mktemp("names")
    names = [name for level in NAMES.values() for name in level]
    (base / "names.json").write_text(json.dumps(names))
    answer = subprocess.run(
        [sys.executable, TRIAL, base], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


def test_there_are_all_levels():
    assert {level: len(names) for level, names in NAMES.items()} == {
        "level 1 several": 87,
        "level 1 single": 62,
        "level 2": 108,
        "level 3": 84,
        "level 4": 2,
    }


@pytest.mark.parametrize("level", NAMES)
def test_every_name_is_there_or_says_that_it_is_not(found, level):
    for name in NAMES[level]:
        if found[name] != "real":
            message = f"{name} is not supported by Safelight; the pack 'probe' needs it."
            assert found[name].startswith(message), name


def test_the_public_contract_is_there(found):
    assert {name for name in NAMES["level 1 several"] if found[name] != "real"} == set()
    assert {name for name in NAMES["level 1 single"] if found[name] != "real"} == WITHOUT


@pytest.mark.parametrize(
    "name",
    [
        "comfy.model_management.load_models_gpu", "nodes.VAEEncode", "comfy.sd.load_checkpoint_guess_config",
        "comfy.sd.VAE", "nodes.CLIPTextEncode", "nodes.SaveImage", "comfy.sample.prepare_noise", "nodes.PreviewImage",
        "comfy.samplers.KSAMPLER", "comfy.sample.sample", "latent_preview.prepare_callback", "nodes.common_ksampler",
        "comfy.samplers.calculate_sigmas", "nodes.ImageScale", "comfy_extras.nodes_latent.LatentBatch",
        "comfy_extras.nodes_mask.composite", "comfy.k_diffusion.sampling.BrownianTreeNoiseSampler",
    ],
)  # fmt: skip
def test_what_packs_use_most_of_nodes_and_samplers_is_there(found, name):
    assert found[name] == "real"
