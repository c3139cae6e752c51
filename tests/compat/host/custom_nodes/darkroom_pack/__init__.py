"""A pack in the style of those for ComfyUI: routes, messages, progress, a folder of its own."""

from .develop import Develop, Enlarge, Folders
from .routes import seen_prompts

NODE_CLASS_MAPPINGS = {"Develop": Develop, "Enlarge": Enlarge, "DarkroomFolders": Folders}
NODE_DISPLAY_NAME_MAPPINGS = {"Develop": "Develop (Darkroom)"}
WEB_DIRECTORY = "./js"
__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS", "WEB_DIRECTORY", "seen_prompts"]
