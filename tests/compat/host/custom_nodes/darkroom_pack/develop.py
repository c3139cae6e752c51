import json
import os

import comfy.model_management
import comfy.utils
import folder_paths
import torch
from comfy.cli_args import args
from comfy.utils import ProgressBar
from nodes import MAX_RESOLUTION, PreviewImage
from server import PromptServer

folder_paths.folder_names_and_paths["darkroom"] = (
    [os.path.join(folder_paths.models_dir, "darkroom")],
    {".txt"},
)
folder_paths.add_model_folder_path("darkroom", os.path.join(folder_paths.base_path, "more"))


class Develop:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "steps": ("INT", {"default": 4, "min": 1, "max": MAX_RESOLUTION}),
                "file": (folder_paths.get_filename_list("darkroom"),),
            },
            "hidden": {"unique_id": "UNIQUE_ID"},
        }

    RETURN_TYPES = ("STRING",)
    FUNCTION = "develop"
    CATEGORY = "darkroom"
    OUTPUT_NODE = True

    def develop(self, steps, file, unique_id):
        bar = ProgressBar(steps)
        for _ in range(steps):
            comfy.model_management.throw_exception_if_processing_interrupted()
            bar.update(1)
        server = PromptServer.instance
        server.send_sync("darkroom.done", {"node": unique_id, "client": server.client_id, "last": server.last_node_id})
        with open(folder_paths.get_full_path_or_raise("darkroom", file)) as text:
            content = text.read()
        folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(
            "prints/x", folder_paths.get_output_directory()
        )
        with open(os.path.join(folder, f"{name}_{counter:05}_.json"), "w") as result:
            json.dump({"content": content, "metadata": not args.disable_metadata}, result)
        return {"ui": {"text": [content]}, "result": (content,)}


class Enlarge(PreviewImage):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"side": ("INT", {"default": 8})}, "hidden": {"prompt": "PROMPT"}}

    FUNCTION = "enlarge"

    def enlarge(self, side, prompt=None):
        device = comfy.model_management.get_torch_device()
        samples = torch.rand(1, 3, 4, 4, device=device)
        images = comfy.utils.common_upscale(samples, side, side, "bilinear", "disabled").movedim(1, -1)
        return self.save_images(images.to(comfy.model_management.intermediate_device()), "big", prompt, None)


class Folders:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"name": ("STRING", {"default": ""})}}

    RETURN_TYPES = ()
    FUNCTION = "look"
    OUTPUT_NODE = True

    def look(self, name):
        found = [folder_paths.get_full_path("darkroom", name), folder_paths.exists_annotated_filepath(name)]
        return {"ui": {"found": found}}
