"""The built-in nodes as ComfyUI's classes: the same results, in its order of parameters."""

import inspect
import json

import pytest
import torch
from PIL import Image

from diffusion.model import Clip, Model, Vae
from diffusion.sampling import sample as sampled

LATENT = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(5))


def test_core_nodes_are_classes_with_the_parameters_of_comfyui(modules, checkpoint, prompts):
    classes = modules.core_nodes.node_classes()
    (encoded,) = classes["CLIPTextEncode"]().encode(checkpoint.clip, "a red square")
    assert torch.equal(encoded[0][0], prompts[0][0][0])
    (empty,) = classes["EmptyLatentImage"]().generate(64, 64, 2)
    (result,) = classes["KSampler"]().sample(checkpoint.model, 1, 2, 4.0, "euler", "normal", *prompts, empty)
    expected = sampled(checkpoint.model, empty, *prompts, seed=1, steps=2, cfg=4.0, sampler="euler", scheduler="normal")
    assert torch.equal(result["samples"], expected["samples"])
    (image,) = classes["VAEDecode"]().decode(checkpoint.vae, result)
    assert image.shape == (2, 64, 64, 3)
    assert torch.equal(classes["VAEDecode"]().decode(samples=result, vae=checkpoint.vae)[0], image)
    (latent,) = classes["VAEEncode"]().encode(vae=checkpoint.vae, pixels=image)
    assert latent["samples"].shape == (2, 4, 8, 8)
    assert classes["ImageScale"]().upscale(image, "bilinear", 32, 16, "disabled")[0].shape == (2, 16, 32, 3)
    loaded = classes["CheckpointLoaderSimple"]().load_checkpoint("tiny.safetensors")
    assert [type(part) for part in loaded] == [Model, Clip, Vae]
    assert classes["ConditioningSetMask"]().append(prompts[0], image[..., 0], "default", 0.5)[0][0][1][
        "mask_strength"
    ] == pytest.approx(0.5)


def test_every_core_class_declares_what_a_node_has_to(modules):
    without_effect = set(modules.core_classes.WITHOUT_EFFECT)
    classes = modules.core_nodes.node_classes()
    assert set(modules.core_classes.METHODS) <= set(classes)
    for id, cls in classes.items():
        if not issubclass(cls, modules.core_classes.CoreNode):
            continue
        declared = cls.INPUT_TYPES()
        order = list(inspect.signature(getattr(cls(), cls.FUNCTION)).parameters)
        inputs = {name for group in ("required", "optional") for name in declared.get(group, ())}
        # names like "input_blocks.1." can be given in a dict, and not be written down as parameters
        assert {name for name in inputs if name.isidentifier()} <= set(order), id
        assert set(order) - inputs <= without_effect, id
        assert len(cls.RETURN_TYPES) == len(cls.RETURN_NAMES), id


def test_parameters_that_only_comfyui_has_are_refused_where_they_would_count(modules):
    classes = modules.core_nodes.node_classes()
    latent = {"samples": LATENT}
    classes["LatentBlend"]().blend(latent, latent, 0.5, blend_mode="normal")
    with pytest.raises(TypeError, match="LatentBlend has no input 'blend_mode' that could be 'screen'"):
        classes["LatentBlend"]().blend(latent, latent, 0.5, "screen")
    with pytest.raises(TypeError, match="takes 2 values"):
        classes["LatentBatch"]().batch(latent, latent, 1)


def test_classes_of_packs_become_known(modules):
    class Mine:
        pass

    core_nodes = modules.core_nodes
    core_nodes.add_classes({"Mine": Mine, "KSampler": Mine})
    assert core_nodes.attribute("NODE_CLASS_MAPPINGS")["Mine"] is Mine
    assert core_nodes.node_classes()["KSampler"] is not Mine
    with pytest.raises(KeyError):
        core_nodes.node_classes()["Nonsense"]
    with pytest.raises(AttributeError):
        core_nodes.attribute("loaders")


def test_pictures_are_saved_where_the_class_says(modules):
    images = torch.rand(2, 4, 6, 3)

    class Elsewhere(modules.saving.SaveImage):
        def __init__(self):
            self.output_dir = modules.folder_paths.get_temp_directory()
            self.type = "temp"
            self.prefix_append = "_mine"
            self.compress_level = 1

    shown = Elsewhere().save_images(images, "sub/x%width%", {"1": {}}, {"workflow": {"nodes": []}})["ui"]["images"]
    assert [item["filename"] for item in shown] == ["x6_mine_00001_.png", "x6_mine_00002_.png"]
    assert {(item["subfolder"], item["type"]) for item in shown} == {("sub", "temp")}
    with Image.open(modules.folders.temp / "sub" / "x6_mine_00002_.png") as saved:
        assert saved.size == (6, 4)
        assert json.loads(saved.text["prompt"]) == {"1": {}}
        assert json.loads(saved.text["workflow"]) == {"nodes": []}
    with pytest.raises(ValueError, match="leads out of its folder"):
        modules.saving.SaveImage().save_images(images, "../x")
