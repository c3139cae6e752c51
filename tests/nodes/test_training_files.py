"""What the files of trainings say: the same bytes of the same graph, the graph itself, and whose model it was."""

import hashlib
import json
from pathlib import Path

import pytest
import torch

from diffusion.weights import load_pickle, read_header, save_weights
from graph.declare import InputError
from graph.files.model_notes import ModelNote, ModelNotes
from graph.folders import Folders
from graph.testing import Recorder
from nodes.training import train_lora
from nodes.training_hypernetwork import train_hypernetwork
from nodes.training_pictures import training_pictures
from nodes.trigger_words import lora_trigger_words
from tools.mascot.ghost import write

LINKS = {"model": ["4", 0], "vae": ["5", 0], "dataset": ["2", 0], "name": "ghosts"}
PROMPT = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "small/tiny.safetensors"}},
    "2": {"class_type": "TrainingPictures", "inputs": {"folder_name": "ghost"}},
    "3": {"class_type": "TrainLoRA", "inputs": LINKS},
    "4": {"class_type": "LoraLoaderModelOnly", "inputs": {"model": ["1", 0], "lora_name": "other.safetensors"}},
    "5": {"class_type": "VAELoader", "inputs": {"vae_name": "gone.safetensors"}},
}
WORKFLOW = {"nodes": [{"id": 3, "type": "TrainLoRA", "pos": [1, 2]}]}


def trained(base: Path, tiny, tiny_path: Path, teach=train_lora, **context) -> Path:
    """The folder of models after a training of one step."""
    folders = Folders.under(base)
    write(folders.input / "ghost", 1, 64, "ghst, flat")
    (folders.models / "checkpoints" / "small").mkdir(parents=True)
    (folders.models / "checkpoints" / "small" / "tiny.safetensors").write_bytes(tiny_path.read_bytes())
    ctx = Recorder(folders, "3", PROMPT, {"workflow": WORKFLOW}, **context)
    given = {"model": tiny.model, "clip": tiny.clip, "vae": tiny.vae, "dataset": training_pictures(ctx, "ghost")}
    teach(ctx, **given, name="ghosts", steps=1, resolution=64)
    return folders.models


def test_a_trained_file_has_its_graph_says_whose_it_is_and_is_the_same_each_time(tmp_path, tiny, tiny_path):
    file = trained(tmp_path, tiny, tiny_path) / "loras" / "ghosts.safetensors"
    said = read_header(file).metadata
    assert json.loads(said["prompt"]) == PROMPT
    assert json.loads(said["workflow"]) == WORKFLOW
    known = {
        "ss_sd_model_name": "tiny.safetensors",
        "ss_sd_model_hash": hashlib.sha256(tiny_path.read_bytes()[0x100000:0x110000]).hexdigest()[:8],
        "ss_vae_name": "gone.safetensors",
        "ss_vae_hash": None,
        "ss_base_model_version": "sd_v1",
        "ss_epoch": "1",
        "modelspec.trigger_phrase": "ghst",
        "modelspec.resolution": "64x64",
        "ss_dataset_dirs": '{"ghost": {"n_repeats": 1, "img_count": 1}}',
    }
    assert {key: said.get(key) for key in known} == known
    again = trained(tmp_path / "again", tiny, tiny_path) / "loras" / "ghosts.safetensors"
    assert again.read_bytes() == file.read_bytes()


def test_the_words_of_a_lora_are_the_users_or_else_those_of_its_file(tmp_path):
    ctx = Recorder(Folders.under(tmp_path))
    file = ctx.folders.models / "loras" / "hats.safetensors"
    file.parent.mkdir(parents=True)
    tags = json.dumps({"hats": {"flat": 9, "ghst": 7}, "class": {"hat": 20}})
    said = {"ss_tag_frequency": tags, "ss_reg_dataset_dirs": '{"class": {}}', "modelspec.trigger_phrase": "ghst"}
    save_weights(file, {"lora_unet_x.lora_up.weight": torch.zeros(1)}, said)
    assert [lora_trigger_words(ctx, file.name, count) for count in (1, 9)] == ["ghst", "ghst, flat"]
    ModelNotes(ctx.folders.user / "models").write("loras", file.name, ModelNote(trigger_words="my hat,"))
    assert lora_trigger_words(ctx, file.name, 9) == "my hat"
    save_weights(file.with_name("mute.safetensors"), {"lora_unet_x.lora_up.weight": torch.zeros(1)})
    assert lora_trigger_words(ctx, "mute.safetensors") == ""
    assert ctx.warnings == ["mute.safetensors says no words: note some in the model library."]
    with pytest.raises(InputError, match="no 'gone'"):
        lora_trigger_words(ctx, "gone")


def test_a_hypernetwork_says_which_model_it_is_of(tmp_path, tiny, tiny_path):
    models = trained(tmp_path, tiny, tiny_path, train_hypernetwork)
    assert load_pickle(models / "hypernetworks" / "ghosts.pt")["sd_checkpoint_name"] == "tiny.safetensors"


def test_where_no_metadata_is_wanted_nothing_is_said_of_pictures_and_graph(tmp_path, tiny, tiny_path):
    models = trained(tmp_path, tiny, tiny_path, metadata=False)
    said = read_header(models / "loras" / "ghosts.safetensors").metadata
    assert (said["ss_network_dim"], said["ss_output_name"], said["ss_steps"]) == ("16", "ghosts", "1")
    assert not {"prompt", "workflow", "ss_tag_frequency", "ss_datasets", "ss_sd_model_name"} & said.keys()
    assert "ghst" not in str(said)
