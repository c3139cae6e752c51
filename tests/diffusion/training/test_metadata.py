"""What trained files say of themselves. Oracles: numbers counted by hand from the pictures, kohya's definitions of the
hashes on the bytes of the file, safetensors' own writer, and how the WebUI reads the entries.
"""

import hashlib
import json
from dataclasses import replace

import pytest
import safetensors.torch
import torch

from diffusion.adapters import AdapterError, save_adapter
from diffusion.adapters.kinds import Difference
from diffusion.content_hashes import content_hashes, short_hash
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.parameterization import Flow, Velocity
from diffusion.training.buckets import Buckets
from diffusion.training.captions import CaptionRules
from diffusion.training.dropout import Dropout
from diffusion.training.learning_rate import LearningRate
from diffusion.training.lora import AdapterPlan
from diffusion.training.metadata import Training, adapter_metadata, essential, extracted_metadata, metadata_of
from diffusion.training.new_kinds import Shape
from diffusion.training.objective import Objective
from diffusion.training.samples import Sample
from diffusion.training.trainer import Plan
from diffusion.weights import WeightsError, load_weights, read_header, save_weights


def sample(caption: str, concept: str, size=(64, 64), shown=(64, 64), **more) -> Sample:
    (width, height), (across, down) = size, shown
    told = {"width": width, "height": height, "target_width": across, "target_height": down}
    return Sample(caption, torch.zeros(4, down // 8, across // 8), caption, concept, settings=told, **more)


SAMPLES = [
    sample("ghst, red ground, flat", "ghost", repeats=10),
    sample("ghst, blue ground", "ghost", size=(150, 100), shown=(80, 56), repeats=10),
    sample("ghst, blue ground", "ghost", repeats=1),
    sample("a house, {red|blue} roof", "house", shown=(80, 56)),
    sample("somebody", "class", weight=0.5, repeats=2),
    sample("a ghost", "kept", preserved=True),
]
BUCKETS = Buckets((64, 64), 8, low=32, high=128)


def training(tiny, **changes) -> Training:
    plan = Plan(7, 2, 3, 1e-3, LearningRate("cosine with restarts", total=40, warmup=5), captions=CaptionRules())
    return Training("ghosts", tiny.model, replace(plan, **changes), SAMPLES, BUCKETS, -2, True, {"ss_session_id": "9"})


def test_pictures_are_counted_as_they_are_trained_with(tiny):
    found = metadata_of(training(tiny), 4)
    assert json.loads(found["ss_dataset_dirs"]) == {
        "ghost": {"n_repeats": 10, "img_count": 2},
        "ghost (2)": {"n_repeats": 1, "img_count": 1},
        "house": {"n_repeats": 1, "img_count": 1},
    }
    assert json.loads(found["ss_reg_dataset_dirs"]) == {
        "class": {"n_repeats": 2, "img_count": 1},
        "kept": {"n_repeats": 1, "img_count": 1},
    }
    assert (found["ss_num_train_images"], found["ss_num_reg_images"]) == ("22", "3")
    assert json.loads(found["ss_tag_frequency"]) == {
        "ghost": {"ghst": 2, "red ground": 1, "flat": 1, "blue ground": 1},
        "ghost (2)": {"ghst": 1, "blue ground": 1},
        "house": {"a house": 1},
        "class": {"somebody": 1},
        "kept": {"a ghost": 1},
    }
    # 14 times 64 x 64 in batches of 2, 11 times 80 x 56: 7 + 6 batches an epoch, of which a step takes 3
    info = json.loads(found["ss_bucket_info"])
    assert info["buckets"] == {
        "0": {"resolution": [64, 64], "count": 14},
        "1": {"resolution": [80, 56], "count": 11},
    }
    assert info["mean_img_ar_error"] == pytest.approx((abs(80 / 56 - 1.5) + abs(80 / 56 - 1)) / 6)
    epochs = {key: found[f"ss_{key}"] for key in ("num_batches_per_epoch", "num_epochs", "epoch", "max_train_steps")}
    assert epochs == {"num_batches_per_epoch": "13", "num_epochs": "10", "epoch": "1", "max_train_steps": "40"}
    [dataset] = json.loads(found["ss_datasets"])
    assert [each["image_dir"] for each in dataset["subsets"] if each["is_reg"]] == ["class", "kept"]
    assert found["ss_prior_loss_weight"] == "1.0"  # there are two weights of class pictures


def test_settings_have_the_words_of_kohyas_scripts_and_of_modelspec(tiny):
    asked = Objective("smooth l1", weighting="debiased", first_timestep=100, last_timestep=499)
    changes = {"objective": asked, "precision": "bfloat16", "optimizer_arguments": "betas=0.9,0.99"}
    found = metadata_of(training(tiny, **changes), 4, "lora", 5e-4)
    expected = {
        "ss_output_name": "ghosts",
        "ss_steps": "4",
        "ss_session_id": "9",
        "ss_lr_scheduler": "cosine_with_restarts",
        "ss_optimizer": "AdamW(weight_decay=0.01,betas=(0.9, 0.99))",
        "ss_loss_type": "smooth_l1",
        "ss_debiased_estimation": "True",
        "ss_min_snr_gamma": "None",
        "ss_mixed_precision": "bf16",
        "ss_gradient_checkpointing": "True",
        "ss_total_batch_size": "6",
        "ss_text_encoder_lr": "0.0005",
        "ss_clip_skip": "2",
        "ss_resolution": "(64, 64)",
        "ss_flip_aug": "False",
        "ss_zero_terminal_snr": "False",
        "ss_min_bucket_reso": "32",
        "modelspec.architecture": "stable-diffusion-v1/lora",
        "modelspec.resolution": "64x64",
        "modelspec.prediction_type": "epsilon",
        "modelspec.encoder_layer": "2",
        "modelspec.timestep_range": "100,500",
        "modelspec.tags": "ghost, house",
        "modelspec.trigger_phrase": "ghst, a house",
    }
    assert {key: found.get(key) for key in expected} == expected
    assert all(isinstance(text, str) for text in found.values())
    assert not {key for key in found if "date" in key or "started" in key or "finished" in key}


def test_what_a_model_predicts_is_told_where_there_is_a_word_for_it(tiny):
    cosine = torch.linspace(1, 0, 11)[1:]  # the last level has no picture left
    models = [
        replace(tiny.model, parameterization=Velocity(NoiseSchedule.from_alphas_cumprod(cosine.clamp(min=1e-8)))),
        replace(tiny.model, parameterization=Flow(tiny.model.schedule)),
    ]
    told = [metadata_of(replace(training(tiny), model=model), 1) for model in models]
    assert [each.get("modelspec.prediction_type") for each in told] == ["v", None]
    assert [each["ss_zero_terminal_snr"] for each in told] == ["True", "False"]


def test_an_adapter_says_what_it_is_like_and_what_makes_it_lycoris(tiny):
    plain = AdapterPlan(Shape(rank=4, alpha=2.0), wide_rank=8, dropout=Dropout(neurons=0.1), longest=1.5)
    found = adapter_metadata(training(tiny), plain, 4)
    told = {key: found[f"ss_{key}"] for key in ("network_module", "network_dim", "network_alpha", "network_dropout")}
    assert told == {
        "network_module": "networks.lora",
        "network_dim": "4",
        "network_alpha": "2.0",
        "network_dropout": "0.1",
    }
    assert json.loads(found["ss_network_args"]) == {"conv_dim": 8, "conv_alpha": 1.0}
    assert found["ss_scale_weight_norms"] == "1.5"
    turned = adapter_metadata(training(tiny), AdapterPlan(Shape("OFT"), norms=True), 4)
    assert turned["ss_network_module"] == "lycoris.kohya"
    assert json.loads(turned["ss_network_args"]) == {"algo": "diag-oft", "dora_wd": False, "train_norm": True}
    assert extracted_metadata(training(tiny), 4, 32, 0.0)["ss_network_dim"] == "32"


def test_what_is_left_without_metadata_is_enough_to_use_the_file_and_tells_nothing_of_pictures(tiny):
    left = essential(adapter_metadata(training(tiny), AdapterPlan(), 4))
    needed = {"ss_v2", "ss_base_model_version", "ss_network_module", "ss_network_dim", "ss_network_alpha"}
    assert needed | {"ss_network_args", "ss_output_name", "modelspec.architecture"} <= left.keys()
    assert "ghst" not in str(left)


def test_hashes_are_those_that_kohyas_scripts_compute(tmp_path):
    """The long one is of what is behind the header, the short one of what safetensors makes of `ss_` entries."""
    draw = torch.Generator().manual_seed(1)
    tensors = {"b": torch.randn(900, 400, generator=draw), "a": torch.randn(7, generator=draw).half()}
    tags = json.dumps({"猫": {'a "b"\\': 1}}, ensure_ascii=False)
    texts = {"ss_tag_frequency": tags, "workflow": "{}" * 900, "x": "é"}
    path = tmp_path / "x.safetensors"
    save_weights(path, tensors, texts, hashed=True)
    content = path.read_bytes()
    behind = content[8 + int.from_bytes(content[:8], "little") :]
    alone = safetensors.torch.save(tensors, {key: text for key, text in texts.items() if key.startswith("ss_")})
    metadata = read_header(path).metadata
    assert metadata["sshs_model_hash"] == hashlib.sha256(behind).hexdigest()
    assert metadata["modelspec.hash_sha256"] == "0x" + metadata["sshs_model_hash"]
    assert metadata["sshs_legacy_hash"] == hashlib.sha256(alone[0x100000:0x110000]).hexdigest()[:8]
    place = content[0x100000:0x110000]
    assert metadata["sshs_legacy_hash"] != short_hash(path) == hashlib.sha256(place).hexdigest()[:8]
    assert content_hashes(path) == {key: metadata[key] for key in content_hashes(path)}
    assert {key: metadata[key] for key in texts} == texts
    assert all(torch.equal(load_weights(path)[name], tensor) for name, tensor in tensors.items())


def test_an_adapter_that_is_not_read_as_it_was_meant_is_an_error_that_names_the_layers(tiny, tmp_path):
    name, path = "mid_block.attentions.0.proj_in.weight", tmp_path / "x.safetensors"
    shape = tiny.model.source.shapes[name]
    great = {"unet": {name: Difference(torch.full(shape, 1e6), "diff")}}
    with pytest.raises(WeightsError, match=r"attentions_0_proj_in\.diff has values that are not finite as float16"):
        save_adapter(path, great, tiny.model, dtype=torch.float16)
    assert not path.exists()
    kinds = {"unet": {name: Difference(torch.ones(shape), "diff"), "conv_in.weight": Difference(torch.ones(1), "diff")}}
    with pytest.raises(AdapterError, match=r"not read as it was meant: .*unet conv_in\.weight"):
        save_adapter(path, kinds, tiny.model)
