"""The types of the values that travel between nodes, as annotations for their signatures.

The conventions are ComfyUI's, so that packs fit: an image is float32 `[B, H, W, C]` in 0..1, a mask `[B, H, W]`,
a latent a dict with `samples` `[B, C, h, w]` and optionally `noise_mask` and `batch_index`; a conditioning a list of
`[tensor, dict]` pairs. Models, text encoders and VAEs are the immutable handles of `diffusion.model`.
"""

from typing import Annotated, Any

import torch

from diffusion import gligen, upscaling
from diffusion import model as handles
from diffusion.control import load as control
from diffusion.image_prompts import ip_adapter, style_model, vision
from diffusion.images import details
from diffusion.interrogation import captioner
from diffusion.pictures import overlay
from diffusion.sampling import guiders, noise, samplers
from diffusion.training import objective, pictures
from diffusion.training.captions import CaptionRules
from diffusion.training.finished_run import FinishedRun
from diffusion.training.lora import AdapterPlan
from diffusion.training.sample_pictures import Monitor
from diffusion.training.trainer import Plan
from diffusion.video import video
from graph.types import ANY, Socket

Image = Annotated[torch.Tensor, Socket("IMAGE")]
Mask = Annotated[torch.Tensor, Socket("MASK")]
Latent = Annotated[dict[str, Any], Socket("LATENT")]
Conditioning = Annotated[list[Any], Socket("CONDITIONING")]
Sigmas = Annotated[torch.Tensor, Socket("SIGMAS")]
Noise = Annotated[noise.NoiseSource, Socket("NOISE")]
Sampler = Annotated[samplers.Sampler, Socket("SAMPLER")]
Guider = Annotated[guiders.GuidedModel, Socket("GUIDER")]

Model = Annotated[handles.Model, Socket("MODEL")]
Clip = Annotated[handles.Clip, Socket("CLIP")]
Vae = Annotated[handles.Vae, Socket("VAE")]
ControlNet = Annotated[control.ControlNet, Socket("CONTROL_NET")]
ClipVision = Annotated[vision.ClipVision, Socket("CLIP_VISION")]
ClipVisionOutput = Annotated[vision.EncodedPicture, Socket("CLIP_VISION_OUTPUT")]
IPAdapter = Annotated[ip_adapter.IPAdapterFile, Socket("IPADAPTER")]
FaceEmbedding = Annotated[torch.Tensor, Socket("FACE_EMBEDDING")]
Gligen = Annotated[gligen.Gligen, Socket("GLIGEN")]
StyleModel = Annotated[style_model.StyleModel, Socket("STYLE_MODEL")]
UpscaleModel = Annotated[upscaling.UpscaleModel, Socket("UPSCALE_MODEL")]
Captioner = Annotated[captioner.Captioner, Socket("CAPTIONER")]
PicturePlace = Annotated[details.Place, Socket("PICTURE_PLACE")]
InpaintPlace = Annotated[overlay.Place, Socket("INPAINT_PLACE")]

Dataset = Annotated[pictures.Dataset, Socket("DATASET")]
CaptionOptions = Annotated[CaptionRules, Socket("CAPTION_OPTIONS")]
Objective = Annotated[objective.Objective, Socket("OBJECTIVE")]
AdapterOptions = Annotated[AdapterPlan, Socket("ADAPTER_OPTIONS")]
LearningOptions = Annotated[Plan, Socket("LEARNING_OPTIONS")]
TrainingMonitor = Annotated[Monitor, Socket("TRAINING_MONITOR")]
TrainingRun = Annotated[FinishedRun, Socket("TRAINING_RUN")]

Video = Annotated[video.Video, Socket("VIDEO")]
Audio = Annotated[Any, Socket("AUDIO")]

AnyValue = Annotated[Any, Socket(ANY)]
