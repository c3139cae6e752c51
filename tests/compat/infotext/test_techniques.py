"""Refiner, repainting, scripts, plots and control of infotexts, as nodes. Oracles: the WebUI's documented behaviour
(what each entry stands for, and how many steps it does), and the checks of the server."""

import math

import pytest

from compat.infotext.runs import Pass, strength_of

NO_PICTURE = {("LoadImage", "image")}
PLAIN = "Sampler: DPM++ 2M, Schedule type: Karras, Size: 512x768, RNG: CPU, Version: v1.10.1"
REFINER = "Refiner: refiner [0123456789], Refiner switch at: 0.8"


def test_a_refiner_ends_the_run(made):
    nodes, notices, refused = made(f"{PLAIN}, {REFINER}")
    assert (notices, refused) == ([], set())
    assert sorted(each["ckpt_name"] for each in nodes["CheckpointLoader"]) == [
        "refiner.safetensors",
        "sd/Some_Model-v1.safetensors",
    ]
    [run], prompts = nodes["KSamplerRefiner"], {each["id"]: each for each in nodes["WebUIPrompt"]}
    base, ending = (prompts[run[name][0]] for name in ("positive", "refiner_positive"))
    assert base["model"] != ending["model"]
    assert (base["text"], ending["text"]) == ("a cat", "a cat")
    assert (run["switch_at"], run["steps"], run["seed"], run["denoise"]) == (0.8, 20, 5, 1)


@pytest.mark.parametrize(("version", "node"), [("v1.10.1", "SplitSigmasForRefiner"), ("v1.7.0", "SplitSigmas")])
def test_with_noise_of_graphics_cards_the_levels_are_divided(made, version, node):
    nodes, notices, refused = made(
        f"Sampler: Euler, Schedule type: Karras, Size: 64x64, {REFINER}, Version: {version}".replace("0.8", "0.81")
    )
    assert (notices, refused) == ([], set())
    [split], runs = nodes[node], {each["id"]: each for each in nodes["SamplerCustomAdvanced"]}
    [begun] = [each for each in runs.values() if each["sigmas"] == [split["id"], 0]]
    [ended] = [each for each in runs.values() if each["sigmas"] == [split["id"], 1]]
    assert ended["latent_image"] == [begun["id"], 0]
    assert begun["noise"][0] == nodes["VariationNoise"][0]["id"]
    assert ended["noise"][0] == nodes["DisableNoise"][0]["id"]
    # Before 1.8 it took over at the first step of which so much of all steps lay behind: 16.2 of 20.
    assert split.get("step", split.get("switch_at")) == (0.81 if version == "v1.10.1" else 17)


def test_the_refiner_is_in_the_pass_that_is_named(made):
    hires = f"{PLAIN}, {REFINER}, Denoising strength: 0.5, Hires upscale: 2, Hires upscaler: Latent"
    nodes, _, refused = made(hires)
    assert not refused
    assert (len(nodes["KSampler"]), nodes["KSamplerRefiner"][0]["denoise"]) == (1, 0.5)
    nodes, notices, _ = made(f"{hires}, Hires refiner: first pass")
    assert (nodes["KSampler"][0]["denoise"], nodes["KSamplerRefiner"][0]["denoise"]) == (0.5, 1)
    assert not notices


def test_soft_inpainting_with_a_model_for_inpainting(made):
    nodes, notices, refused = made(
        "Model: sd-v1-5-inpainting, Sampler: Euler, Size: 512x512, RNG: CPU, Denoising strength: 0.75, Mask blur: 8, "
        "Soft inpainting enabled: True, Soft inpainting schedule bias: 1, Soft inpainting preservation strength: 0.4, "
        "Soft inpainting transition contrast boost: 4, Soft inpainting mask influence: 0.1, "
        "Soft inpainting difference threshold: 0.5, Soft inpainting difference contrast: 2"
    )
    assert refused == {*NO_PICTURE, ("LoadImageMask", "image"), ("CheckpointLoader", "ckpt_name")}
    [begun], [prepared], [shown] = nodes["EncodeInpaint"], nodes["PrepareInpaint"], nodes["InpaintModelConditioning"]
    assert (begun["soft"], prepared["area"]) == (True, "whole picture")
    [soft], [place] = nodes["SoftInpainting"], nodes["SoftInpaintPlace"]
    assert (soft["preservation_strength"], place["preservation_strength"], place["mask_influence"]) == (0.4, 0.4, 0.1)
    run = nodes["KSamplerAdvanced"][0]
    assert (run["positive"], run["model"]) == ([shown["id"], 0], [soft["id"], 0])
    assert nodes["FinishInpaint"][0]["place"] == [place["id"], 0]
    assert not [notice for notice in notices if "oft inpainting" in notice]


def test_sd_upscale_loopback_and_the_alternative_script(made):
    tiles = "Denoising strength: 0.35, SD upscale overlap: 64, SD upscale upscaler: Lanczos"
    nodes, notices, refused = made(f"{PLAIN}, {tiles}")
    assert refused == NO_PICTURE
    [node] = nodes["SDUpscale"]
    assert (node["tile_width"], node["tile_height"], node["overlap"]) == (512, 768, 64)
    # 0.35 of 20 steps are 7, and one more is done.
    assert (node["steps"], int(node["steps"] / node["denoise"])) == (8, 20)
    assert [notice for notice in notices if "2 times was taken" in notice]

    loops = "Denoising strength: 0.5, Final denoising strength: 0.3, Denoising curve: Lazy"
    nodes, _, refused = made(f"{PLAIN}, {loops}")
    assert refused == NO_PICTURE
    assert (nodes["Loopback"][0]["final_denoise"], nodes["Loopback"][0]["curve"]) == (0.3, "Lazy")

    nodes, _, refused = made(
        'Sampler: Euler, Size: 64x64, Denoising strength: 1, Decode prompt: "a dog, old", Decode negative prompt: x, '
        "Decode CFG scale: 1.5, Decode steps: 30, Randomness: 0.1, Sigma Adjustment: True"
    )
    assert refused == NO_PICTURE
    [found], [run] = nodes["FindNoise"], nodes["SamplerCustomAdvanced"]
    assert (found["steps"], found["cfg"], found["randomness"], found["sigma_adjustment"]) == (30, 1.5, 0.1, True)
    assert (run["noise"], run["latent_image"]) == ([found["id"], 0], [found["id"], 1])
    assert "a dog, old" in [each["text"] for each in nodes["WebUIPrompt"]]


@pytest.mark.parametrize("total", [7, 20, 50, 150])
def test_ksampler_does_the_same_steps(total):
    for steps in range(1, total + 1):
        # KSampler makes a run of int(steps / denoise) steps, and does the last ones.
        assert math.floor(steps / strength_of(Pass(total, total - steps))) == total


def test_a_plot_over_the_widgets_of_the_workflow(made):
    nodes, notices, refused = made(
        f'{PLAIN}, Clip skip: 2, Script: X/Y/Z plot, X Type: Sampler, X Values: "Euler a, DPM++ 2M SDE", '
        'Y Type: Clip skip, Y Values: 1-3, Z Type: Seed, Z Values: "-1,-1", Fixed Z Values: "11, 12"'
    )
    assert (notices, refused) == ([], set())
    [plot], [run], [skip] = nodes["XYZPlot"], nodes["KSampler"], nodes["CLIPSetLastLayer"]
    assert plot["x_target"] == f"{run['id']}.sampler_name"
    assert plot["x_values"] == "euler_ancestral, dpmpp_2m_sde"
    assert (plot["y_target"], plot["y_values"]) == (f"{skip['id']}.stop_at_clip_layer", "-1, -2, -3")
    assert (plot["z_target"], plot["z_values"]) == ("Seed", "11, 12")
    assert nodes["SaveImage"][0]["images"] == [plot["id"], 0]
    nodes, notices, _ = made(
        f"{PLAIN}, Script: X/Y/Z plot, X Type: Var. strength, X Values: 0-1 [3], Y Type: Size, Y Values: 64x64"
    )
    [plot], [noise] = nodes["XYZPlot"], nodes["VariationNoise"]
    assert plot["x_target"] == f"{noise['id']}.variation_strength"
    assert notices == ["The axis Size (64x64) has no widget in this workflow: it was left out of the plot."]


def test_a_prompt_matrix(made):
    nodes, notices, refused = made(f"{PLAIN}, Script: Prompt matrix", prompt="a cat|with a hat|in snow")
    assert (notices, refused) == ([], set())
    [matrix], [grid], [prompts] = nodes["PromptMatrix"], nodes["PromptMatrixGrid"], nodes["WebUIPrompt"]
    assert matrix["text"] == "a cat|with a hat|in snow"
    assert prompts["text"] == [matrix["id"], 0]
    assert grid["matrix"] == [matrix["id"], 2]
    assert nodes["SaveImage"][0]["images"] == [grid["id"], 0]


def test_adetailer_finds_and_paints_again(made):
    nodes, notices, refused = made(
        f'{PLAIN}, ADetailer model: face_yolov8n.pt, ADetailer prompt: "[PROMPT], smiling", ADetailer confidence: 0.3, '
        "ADetailer dilate erode: 4, ADetailer mask blur: 6, ADetailer denoising strength: 0.4, "
        "ADetailer inpaint only masked: True, ADetailer inpaint padding: 32, ADetailer model 2nd: hand_yolov8n.pt, "
        "ADetailer confidence 2nd: 0.5, ADetailer use separate steps 2nd: True, ADetailer steps 2nd: 10, "
        "ADetailer denoising strength 2nd: 0.5, ADetailer version: 24.5.1"
    )
    assert not refused
    assert notices == [
        "face_yolov8n.pt is not in models/annotators as an ONNX file: Find Faces was taken, which knows less."
    ]
    [hands], [faces], cuts = nodes["FindThings"], nodes["FindFaces"], nodes["CropByMask"]
    assert (hands["detector"], hands["threshold"]) == ("hand_yolov8n.onnx", 0.5)
    [wider] = nodes["MaskMorphology"]
    assert (wider["mask"], wider["radius"]) == ([faces["id"], 0], 2)
    assert {(cut["width"], cut["height"], cut["padding"]) for cut in cuts} == {(512, 768, 32)}
    first, second = sorted(nodes["KSamplerAdvanced"], key=lambda run: -run["steps"])
    # 0.4 of 20 steps and one more, 0.5 of 10 and one more.
    assert (first["steps"], first["start_at_step"]) == (20, 11)
    assert (second["steps"], second["start_at_step"]) == (10, 4)
    assert sorted(each["text"] for each in nodes["WebUIPrompt"]) == ["a cat", "a cat, smiling"]
    assert sorted(each["feather"] for each in nodes["PasteCrop"]) == [4, 6]


def test_units_that_are_no_plain_networks(made):
    def unit(number, module, model, more=""):
        return (
            f'ControlNet {number}: "Module: {module}, Model: {model}, Weight: 0.6, Resize Mode: Crop and Resize, '
            f'Processor Res: 512, {more}Guidance Start: 0.0, Guidance End: 0.5, Control Mode: Balanced"'
        )

    nodes, notices, refused = made(
        ", ".join((
            PLAIN, unit(0, "reference_adain+attn", "None", "Threshold A: 0.7, "), unit(1, "inpaint_only", "canny"),
            unit(2, "tile_colorfix+sharp", "canny", "Threshold A: 6, Threshold B: 1.5, "),
            unit(3, "canny", "canny-union"), unit(4, "ip-adapter_clip_sd15", "ip-adapter_sd15"),
            unit(5, "lineart", "kohya_controllllite_xl_canny"),
            unit(6, "ip-adapter_face_id_plus", "ip-adapter-faceid-plusv2_sd15"),
            unit(7, "instant_id_face_embedding", "x"),
        ))
    )  # fmt: skip
    assert refused == {
        *NO_PICTURE, ("CLIPVisionLoader", "clip_name"), ("IPAdapterLoader", "ipadapter_file"),
        ("LLLiteApply", "control_net_name"), ("ControlNetLoader", "control_net_name"),
    }  # fmt: skip
    [reference], [fixed] = nodes["ReferenceOnly"], nodes["TileColorFix"]
    assert (reference["way"], reference["style_fidelity"], reference["strength"]) == ("attention+adain", 0.7, 0.6)
    assert (fixed["variation"], fixed["sharpness"], fixed["weight"]) == (6, 1.5, 0.6)
    assert nodes["SetUnionControlNetType"][0]["type"] == "canny/lineart/anime_lineart/mlsd"
    assert nodes["InpaintControlHint"][0]["mask"] == nodes["InpaintOnly"][0]["mask"]
    assert (nodes["IPAdapterApply"][0]["weight"], nodes["LLLiteApply"][0]["end_percent"]) == (0.6, 0.5)
    [face], [shown] = nodes["FaceEncode"], nodes["FaceIDApply"]
    seen = next(each for each in nodes["CLIPVisionEncode"] if each["image"] == [face["id"], 1])
    assert (shown["face"], shown["clip_vision_output"]) == ([face["id"], 0], [seen["id"], 0])
    assert len(nodes["ControlNetApplyModes"]) == 3
    assert "ControlNet unit 7 (instant_id_face_embedding) is of a kind that no node does: it was left out." in notices
    assert not [notice for notice in notices if "not taken over" in notice]


def test_the_oldest_units_had_no_numbers_and_one_end(made):
    nodes, notices, refused = made(
        f"{PLAIN}, ControlNet Enabled: True, ControlNet Module: none, ControlNet Model: canny(d14c016b), "
        "ControlNet Weight: 0.9, ControlNet Guidance Strength: 0.7"
    )
    assert refused == NO_PICTURE
    [applied] = nodes["ControlNetApplyModes"]
    assert (applied["strength"], applied["start_percent"], applied["end_percent"]) == (0.9, 0, 0.7)
    assert len(notices) == 1
