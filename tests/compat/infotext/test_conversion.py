"""Infotexts as workflows. Oracles: the WebUI's own step counts and sizes, and the checks of the server."""

import hashlib

import pytest

from compat.infotext.answering import workflow_of
from compat.infotext.files import find_model, legacy_hash
from compat.infotext.latents import first_pass
from compat.infotext.runs import changing, refining


def test_a_plain_picture_becomes_one_run_with_the_noise_of_graphics_cards(made):
    nodes, notices, refused = made(
        "Sampler: DPM++ 2M Karras, Size: 512x768, Clip skip: 2, ENSD: 31337, Version: v1.3.2"
    )
    assert (notices, refused) == ([], set())
    assert nodes["CheckpointLoader"][0]["ckpt_name"] == "sd/Some_Model-v1.safetensors"
    [prompt], [noise], [levels] = nodes["WebUIPrompt"], nodes["VariationNoise"], nodes["BasicScheduler"]
    assert (prompt["text"], prompt["negative"], prompt["timeline"]) == ("a cat", "bad", "before 1.6")
    assert (noise["noise_seed"], noise["source"], noise["eta_noise_seed_delta"]) == (5, "nv", 31337)
    assert (levels["scheduler"], levels["steps"]) == ("karras", 20)
    assert "denoise" not in levels
    assert nodes["KSamplerSelect"][0]["sampler_name"] == "dpmpp_2m"
    assert nodes["CLIPSetLastLayer"][0]["stop_at_clip_layer"] == -2
    [size] = nodes["EmptyLatent"]
    assert (size["width"], size["height"]) == (512, 768)


def test_noise_of_the_processor_is_that_of_ksampler(made):
    nodes, _, refused = made("Sampler: Euler a, Schedule type: Automatic, Size: 64x64, RNG: CPU, Version: v1.10.1")
    assert not refused
    [run] = nodes["KSampler"]
    assert (run["seed"], run["steps"], run["cfg"]) == (5, 20, 7.0)
    assert (run["sampler_name"], run["scheduler"]) == ("euler_ancestral", "normal")
    assert run["denoise"] == 1


@pytest.mark.parametrize(
    ("strength", "steps", "first"),
    [(0.1, 20, 17), (0.25, 20, 14), (0.4, 20, 11), (0.5, 20, 9), (0.75, 20, 4), (1, 20, 0)],
)
def test_img2img_does_the_webui_s_number_of_steps(strength, steps, first):
    # 3, 6, 9, 11, 16 and 20 of 20 steps are done.
    assert changing(steps, strength).first == first


def test_hires_fix_does_all_of_its_steps():
    assert (refining(20, 0.5).total, refining(20, 0.5).first) == (40, 20)
    assert (refining(20, 0.75).total, refining(20, 0.75).first) == (26, 6)
    assert refining(20, 0).steps == 20


def test_a_changed_picture_has_placeholders(made):
    nodes, notices, refused = made(
        "Sampler: Euler, Schedule type: Karras, Size: 512x512, RNG: CPU, Denoising strength: 0.5, Mask blur: 4, "
        "Mask mode: Inpaint not masked, Masked content: fill, Inpaint area: Only masked, Init image hash: abc"
    )
    assert refused == {("LoadImage", "image"), ("LoadImageMask", "image")}
    assert nodes["KSamplerAdvanced"][0]["start_at_step"] == 9
    [prepared], [begun], [ended] = nodes["PrepareInpaint"], nodes["EncodeInpaint"], nodes["FinishInpaint"]
    assert (prepared["area"], prepared["padding"], prepared["mask_blur"]) == ("only masked", 32, 4)
    assert (prepared["invert"], prepared["width"], prepared["height"]) == (True, 512, 512)
    assert (begun["masked_content"], begun["seed"]) == ("fill", 5)
    assert ended["place"] == [prepared["id"], 2]
    assert len(notices) == 2  # the picture and its mask


def test_both_passes_of_hires_fix(made):
    nodes, notices, refused = made(
        "Sampler: DPM++ SDE, Schedule type: Karras, Size: 512x512, Denoising strength: 0.5, Hires resize: 1024x768, "
        'Hires steps: 10, Hires upscaler: Latent (bicubic antialiased), Hires prompt: "a dog, red", '
        "Hires sampler: Euler, Hires CFG Scale: 4, Version: v1.10.1",
        prompt="a [cat:dog:0.5]",
    )
    assert (notices, refused) == ([], set())
    first, second = nodes["WebUIPrompt"]
    if first["first_pass_steps"]:
        first, second = second, first
    assert (second["text"], second["negative"], second["first_pass_steps"]) == ("a dog, red", "bad", 20)
    [larger], [crop] = nodes["LatentUpscale"], nodes["LatentCrop"]
    # The picture covers what is wanted, and 32 rows of its latent are cut off.
    assert (larger["width"], larger["height"]) == (1024, 1024)
    assert larger["upscale_method"] == "bicubic-antialiased"
    assert (crop["width"], crop["height"], crop["x"], crop["y"]) == (1024, 768, 0, 128)
    assert sorted(each["steps"] for each in nodes["BasicScheduler"]) == [20, 20]
    assert nodes["SplitSigmas"][0]["step"] == 10
    assert sorted(each["cfg"] for each in nodes["CFGGuider"]) == [4, 7]


def test_very_old_hires_fix_had_the_first_size_beside_the_last(made):
    nodes, _, refused = made("Sampler: Euler, Size: 768x1152, First pass size: 0x0, Denoising strength: 0.7, RNG: CPU")
    assert not refused
    [small], [large] = nodes["EmptyLatent"], nodes["LatentCrop"]
    assert (small["width"], small["height"], large["width"], large["height"]) == (448, 640, 768, 1152)
    for size, small_size in (((1024, 1024), (512, 512)), ((1024, 768), (640, 448))):
        assert first_pass(size, (0, 0)) == small_size


UNITS = (
    """ControlNet 0: "Module: canny, Model: canny [d14c016b], Weight: 0.8, Resize Mode: Resize and Fill, \
Processor Res: 512, Threshold A: 50.0, Threshold B: 60.0, Guidance Start: 0.0, Guidance End: 0.5, \
Pixel Perfect: True, Control Mode: My prompt is more important\"""",
    """ControlNet 0: "preprocessor: canny, model: canny [d14c016b], weight: 0.8, starting/ending: (0, 0.5), \
resize mode: Envelope (Outer Fit), pixel perfect: True, control mode: My prompt is more important, \
preprocessor params: (512, 50, 60)\"""",
    """ControlNet-0 Enabled: True, ControlNet-0 Module: canny, ControlNet-0 Model: canny(d14c016b), \
ControlNet-0 Weight: 0.8, ControlNet-0 Guidance Start: 0, ControlNet-0 Guidance End: 0.5, \
ControlNet-0 Resize Mode: Resize and Fill, ControlNet-0 Control Mode: My prompt is more important, \
ControlNet-0 Threshold A: 50, ControlNet-0 Threshold B: 60, ControlNet-0 Pixel Perfect: True""",
)


@pytest.mark.parametrize("unit", UNITS, ids=["whole", "older", "separate"])
def test_control_units_of_all_versions(made, unit):
    nodes, notices, refused = made(f"Sampler: Euler, Size: 64x64, {unit}")
    assert refused == {("LoadImage", "image")}
    assert notices == [
        "The picture of ControlNet unit 0 is not in the parameters: choose it in place of control-0.png."
    ]
    [hint], [applied] = nodes["CannyEdges"], nodes["ControlNetApplyModes"]
    assert (hint["low_threshold"], hint["high_threshold"]) == (50, 60)
    [perfect] = nodes["PixelPerfectResolution"]
    assert (perfect["image_gen_width"], perfect["image_gen_height"]) == (64, 64)
    assert perfect["resize_mode"] == "Resize and Fill"
    assert hint["resolution"] == [perfect["id"], 0]
    assert nodes["ControlNetLoader"][0]["control_net_name"] == "canny.pth"
    assert (applied["strength"], applied["end_percent"]) == (0.8, 0.5)
    assert applied["control_mode"] == "prompt is more important"
    assert applied["resize_mode"] == "resize and fill"


def test_what_older_extensions_kept_beside_the_prompt_becomes_tags(made):
    nodes, notices, _ = made(
        "Sampler: Euler, Size: 64x64, Hypernet: anime, Hypernet strength: 0.6, AddNet Enabled: True, "
        "AddNet Module 1: LoRA, AddNet Model 1: Ann(0123456789ab), AddNet Weight A 1: 0.8, AddNet Weight B 1: 0.5"
    )
    assert nodes["WebUIPrompt"][0]["text"] == "a cat <hypernet:anime:0.6> <lora:Ann:0.5:0.8>"
    assert notices == ["anime.safetensors is not in models/hypernetworks: put the file there, or choose another one."]


def test_special_levels_and_samplers(made):
    nodes, notices, refused = made(
        "Sampler: Heun, Schedule type: Karras, Size: 64x64, Sigma churn: 3, Schedule max sigma: 9"
    )
    assert (notices, refused) == ([], set())
    assert (nodes["SamplerChurn"][0]["method"], nodes["SamplerChurn"][0]["s_churn"]) == ("heun", 3)
    assert nodes["KarrasScheduler"][0]["sigma_max"] == 9
    nodes, _, refused = made("Sampler: DPM2, Schedule type: Polyexponential, Size: 64x64")
    assert not refused
    assert (nodes["PolyexponentialScheduler"][0]["steps"], nodes["SplitSigmas"][0]["step"]) == (21, 19)
    nodes, _, refused = made("Sampler: Euler a, Size: 64x64, Eta: 0.5, Variation seed: 3, Variation seed strength: 0.2")
    assert not refused
    assert nodes["SamplerEulerAncestral"][0]["eta"] == 0.5
    assert nodes["VariationNoise"][0]["variation_strength"] == 0.2


def test_nothing_is_left_out_in_silence(made):
    nodes, notices, _ = made(
        "Sampler: Magic, Schedule type: Odd, Face restoration: GFPGAN, VAE: none.pt, "
        "Variation seed strength: much, X: 1"
    )
    said = "\n".join(notices)
    for part in ("'Magic'", "512 x 512", "Face restoration: GFPGAN", "none.pt", "'much'", "X: 1"):
        assert part in said
    assert nodes["KSamplerSelect"][0]["sampler_name"] == "euler"


def test_models_are_found_by_hash_before_their_name(folders):
    path = folders.models / "checkpoints" / "sd" / "Some_Model-v1.safetensors"
    old = hashlib.sha256(path.read_bytes()[0x100000:0x110000]).hexdigest()[:8]
    assert legacy_hash(path) == old
    found = find_model(folders, "checkpoints", "another name", old)
    assert found is not None
    assert (found.name, found.how) == ("sd/Some_Model-v1.safetensors", "hash")
    assert find_model(folders, "checkpoints", "another name", "0123456789") is None
    full = folders.sha256(path)  # known from now on
    assert full == hashlib.sha256(path.read_bytes()).hexdigest()
    assert find_model(folders, "checkpoints", "another name", full[:10]).how == "hash"
    other = find_model(folders, "checkpoints", "some-model_V1.ckpt [0123456789]", "0123456789")
    assert (other.how, other.other_content) == ("name", True)
    assert find_model(folders, "checkpoints", "Some Model v2").how == "like"


def test_the_server_s_question_is_answered(registry, folders):
    made = workflow_of({"parameters": "a\nSteps: 3, Seed: 1"}, registry, folders)
    assert {node["type"] for node in made["workflow"]["nodes"]} >= {"SaveImage", "MarkdownNote"}
    assert made["notices"]
    assert "no parameters" in workflow_of({"comment": "holidays"}, registry, folders)["problem"]
    assert "too long" in workflow_of({"parameters": "a" * (5 << 20)}, registry, folders)["problem"]
