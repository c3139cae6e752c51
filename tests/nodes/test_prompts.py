"""Prompts in the WebUI's syntax, wildcards, styles and tokens as nodes, on a small checkpoint."""

from pathlib import Path

import pytest
import torch

from diffusion.checkpoint import load_checkpoint
from diffusion.weights import load_weights, save_weights
from graph.declare import InputError
from graph.engine import Engine
from graph.folders import Folders
from graph.testing import Recorder
from nodes import conditioning, prompts
from nodes.sampling import k_sampler

DOWN = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"
TEXT = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders.under(tmp_path)
    for folder in (folders.user / "wildcards", folders.models / "loras" / "people", folders.models / "hypernetworks"):
        folder.mkdir(parents=True)
    (folders.user / "wildcards" / "animal.txt").write_text("cat\ndog\n", "utf-8")
    (folders.user / "styles.csv").write_text('name,prompt,negative_prompt\nold,"{prompt}, sepia",colour\n', "utf-8")
    return folders


@pytest.fixture
def ctx(folders: Folders) -> Recorder:
    return Recorder(folders)


@pytest.fixture
def lora(folders: Folders, tiny) -> str:
    torch.manual_seed(0)
    shapes = tiny.model.source.shapes
    width = shapes["mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"]
    tensors = {
        f"{DOWN}.lora_down.weight": torch.randn(2, width[1]),
        f"{DOWN}.lora_up.weight": torch.randn(width[0], 2),
        f"{DOWN}.alpha": torch.tensor(1.0),
        f"{TEXT}.lora_down.weight": torch.randn(2, 48),
        f"{TEXT}.lora_up.weight": torch.randn(48, 2),
    }
    save_weights(folders.models / "loras" / "people" / "Ann.safetensors", tensors)
    return "people/Ann.safetensors"


def prompted(ctx, tiny, text, negative="", **options):
    return prompts.webui_prompt(ctx, model=tiny.model, clip=tiny.clip, text=text, negative=negative, **options)


def test_loras_of_a_prompt_are_on_the_model_and_its_text_encoder(ctx, tiny, lora):
    plain = prompted(ctx, tiny, "a cat")
    found = prompted(ctx, tiny, "a cat <lora:ann:0.5>", "<lora:ann:1> bad")
    assert len(found.MODEL.patches) == 1
    assert len(found.CLIP.encoders[0].patches) == 1
    assert not torch.equal(found.positive[0][0], plain.positive[0][0])
    assert found.prompt == "a cat <lora:ann:0.5>"
    assert ctx.warnings == []
    apart = prompted(ctx, tiny, "a cat <lora:people/Ann:0:1:8>")
    assert torch.equal(apart.positive[0][0], plain.positive[0][0])
    assert len(apart.MODEL.patches) == 1
    assert ctx.warnings == []


def test_a_rank_in_a_prompt_takes_the_first_components_of_a_lora(ctx, tiny, lora):
    """By hand: a component is a column of one factor with a row of the other; the scale stays that of the file."""
    tensors = load_weights(ctx.folders.model_path("loras", lora))
    up, down = (tensors[f"{DOWN}.lora_{part}.weight"] for part in ("up", "down"))
    weight = torch.zeros(up.shape[0], down.shape[1])
    for tag, rank in (("<lora:ann:1:0.5:1>", 1), ("<lora:ann:te=1:unet=0.5:dyn=9>", 2)):
        [patch] = prompted(ctx, tiny, f"a cat {tag}").MODEL.patches
        [change] = patch.changes().values()
        torch.testing.assert_close(change(weight), 0.5 * (1.0 / 2) * up[:, :rank] @ down[:rank])
    assert prompted(ctx, tiny, "a cat <lora:ann:dyn=0>").MODEL is tiny.model
    assert "its rank one from 1 up" in ctx.warnings.pop()


def test_block_weights_and_what_is_not_used_of_a_lora(ctx, tiny, lora):
    """The lora changes the middle block and the text encoder alone, so what is left of it can be counted."""
    path = ctx.folders.model_path("loras", lora)
    save_weights(path, {**load_weights(path), "lora_unet_nowhere.alpha": torch.tensor(1.0)})
    without = prompted(ctx, tiny, "a cat <lora:ann:0.5:lbw=OUTALL>").MODEL.patches[0]
    assert not without.changes()
    assert ctx.shown["text"] == ["Adds Ann.safetensors. Changes 1 layers of the UNet. Changes 1 layers of CLIP-L."]
    assert "1 tensors of Ann.safetensors belong to nothing" in ctx.warnings.pop()
    middle = prompted(ctx, tiny, "a cat <lora:ann:0.5:lbw=0,0,1,0,0:start=3>")
    assert middle.CLIP is not tiny.clip
    assert [*middle.MODEL.patches[0].changes()] == ["mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"]
    assert not middle.CLIP.encoders[0].patches
    assert ctx.warnings.pop() == "The prompt's <lora:ann> has 'start', which is not known here and was left out."
    with pytest.raises(InputError, match="There are 2 block weights"):
        prompted(ctx, tiny, "a cat <lora:ann:1:lbw=1,1>")


def test_what_a_prompt_names_and_is_not_there_is_told(ctx, tiny):
    found = prompted(ctx, tiny, "a cat <lora:nobody:1> <lora:x:strong> <other:thing> <hypernet:none>")
    assert found.MODEL is tiny.model
    assert ["<lora:nobody> was left out. There is no 'nobody' in models/loras" in ctx.warnings[0]] == [True]
    assert "its strength must be a number" in ctx.warnings[1]
    assert "there are lora, lyco and hypernet" in ctx.warnings[2]
    assert "models/hypernetworks" in ctx.warnings[3]


def test_styles_wildcards_and_comments_come_first(ctx, tiny):
    found = prompted(ctx, tiny, "an __animal__ # soft", "bad", styles="old", seed=3)
    assert found.prompt in ("an cat, sepia", "an dog, sepia")
    assert found.negative_prompt == "bad, colour"
    assert found.prompt == prompted(ctx, tiny, "an __animal__ # soft", styles="old", seed=3).prompt
    with pytest.raises(InputError, match=r"There is no style 'new' in styles\.csv; it has old") as error:
        prompted(ctx, tiny, "x", styles="new")
    assert error.value.input_name == "styles"
    styled = prompts.prompt_styles(ctx, "a cat", "", "old")
    assert styled == ("a cat, sepia", "colour")


def test_a_prompt_that_changes_is_sampled(ctx, tiny):
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    results = []
    for text in ("[cat:dog:0.5] AND a house :0.7", "cat AND a house :0.7", "dog AND a house :0.7"):
        found = prompted(ctx, tiny, text, "bad")
        options = {"positive": found.positive, "negative": found.negative, "latent_image": latent}
        results.append(k_sampler(ctx, model=found.MODEL, seed=1, steps=4, cfg=3.0, **options)["samples"])
    changed, first, second = results
    assert changed.isfinite().all()
    assert not torch.equal(changed, first)
    assert not torch.equal(changed, second)


def test_wildcards_and_all_combinations(ctx):
    assert prompts.resolve_wildcards(ctx, "{a|b} __animal__", 5) in {"a cat", "a dog", "b cat", "b dog"}
    assert prompts.combinatorial_prompts(ctx, "{a|b} __animal__", 3) == ["a cat", "a dog", "b cat"]


def test_a_changed_wildcard_file_is_read_again(folders):
    before = prompts._text_files(folders)
    (folders.user / "wildcards" / "animal.txt").write_text("cat\ndog\nbird\n", "utf-8")
    assert prompts._text_files(folders) != before


def test_tokens_are_shown_with_their_weights(ctx, tiny):
    assert prompts.show_tokens(ctx, tiny.clip, "a (cat:1.5)") == (2, 1)
    rows = ctx.shown["tables"][0]["rows"]
    assert [row[2:] for row in rows] == [["a", 320, 1.0], ["cat", 2368, 1.5]]
    assert prompts.show_tokens(ctx, tiny.clip, "[a:b:0.5] BREAK cat <lora:x:1>", "WebUI") == (2, 2)


def test_a_plain_prompt_is_the_same_in_both_dialects(ctx):
    path = Path(__file__).parents[2] / "models" / "checkpoints" / "pocket.safetensors"
    pocket = load_checkpoint(path)
    plain = conditioning.clip_encode(ctx, "a red circle", pocket.clip)
    found = prompts.webui_prompt(ctx, model=pocket.model, clip=pocket.clip, text="a red circle")
    torch.testing.assert_close(found.positive[0][0], plain[0][0])


def test_a_prompt_node_reads_both_dialects(ctx, tiny):
    text = "a [red|blue] cat AND grass :0.5 BREAK (sun:1.2) <lora:x:1>"
    found = conditioning.clip_encode(ctx, text, tiny.clip, "WebUI")
    text = text.removesuffix(" <lora:x:1>")
    expected = prompts.webui_prompt(ctx, model=tiny.model, clip=tiny.clip, text=text).positive
    assert [options.keys() for _, options in found] == [options.keys() for _, options in expected]
    for (states, options), (other, wanted) in zip(found, expected, strict=True):
        torch.testing.assert_close(states, other)
        assert {**options, "pooled_output": 0} == {**wanted, "pooled_output": 0}
    assert ctx.warnings == ["LoRAs and hypernetworks are loaded by Prompts (WebUI); here their tags were left out."]


def test_prompts_go_through_the_engine_and_its_disk_cache(tmp_path):
    models = Path(__file__).parents[2] / "models"
    (tmp_path / "user" / "wildcards").mkdir(parents=True)
    wildcard = tmp_path / "user" / "wildcards" / "animal.txt"
    wildcard.write_text("cat\n", "utf-8")
    text = {"text": "a [red|blue] (__animal__:1.2) AND grass :0.4", "negative": "[a:b:2]", "seed": 4}
    prompt = {
        "1": {"class_type": "CheckpointLoader", "inputs": {"ckpt_name": "pocket.safetensors"}},
        "2": {"class_type": "WebUIPrompt", "inputs": {"model": ["1", 0], "clip": ["1", 1], **text}},
        "3": {"class_type": "EmptyLatent", "inputs": {"width": 64, "height": 64}},
        "4": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["2", 0],
                "positive": ["2", 2],
                "negative": ["2", 3],
                "latent_image": ["3", 0],
                "seed": 5,
                "steps": 2,
                "cfg": 5.0,
                "sampler_name": "heun",
                "scheduler": "normal",
                "denoise": 1.0,
            },
        },
    }
    latents = []
    for line in ("cat", "cat", "dog"):
        wildcard.write_text(f"{line}\n", "utf-8")
        with Engine(tmp_path, models=models) as engine:
            latents.append(engine.run(prompt, targets=["4"]).outputs["4"]["samples"])
    first, again, other = latents
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
