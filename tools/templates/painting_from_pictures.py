"""Templates that begin with a picture: image to image, inpainting, outpainting, tiles, inversion, loops."""

from typing import Any

from tools.templates import samples
from tools.templates.samples import Start
from tools.templates.sheet import Node, Seed, Sheet
from tools.templates.template import Text, template

HEART = "examples/heart.png"


def _run(begun: Start, **values: Any) -> dict[str, Any]:
    """What nodes that repaint pictures want, with the checkpoint's good settings apart from `values`."""
    links = {"model": begun.model, "positive": begun.positive, "negative": begun.negative, "vae": begun.vae}
    good = {"seed": Seed(3), "steps": 16, "cfg": 2.5, "sampler_name": "dpmpp_2m", "scheduler": "karras"}
    return {**links, **good, **values}


def _square(sheet: Sheet, left: int, top: int, side: int) -> Node:
    """A white square in a black mask of 128 x 128."""
    black = sheet.add("SolidMask", value=0.0, width=128, height=128)
    white = sheet.add("SolidMask", value=1.0, width=side, height=side)
    return sheet.add("MaskComposite", "Mask", destination=black, source=white, x=left, y=top, operation="add")


@template(
    title=Text("Image to image", "图生图"),
    about=Text(
        "Paints a picture anew from another one. denoise says how much is replaced: at 0.3 it is retouched, at 0.7 the "
        "composition is kept, near 1 little is. Fit Image to Size brings any picture to the size of the model; Correct "
        "Colours gives the result the colours of the old one, if you put it behind VAE Decode.",
        "从一张图像重新绘制。去噪强度决定替换多少：0.3 只作修饰，0.7 保留构图，接近 1 则所剩无几。"
        "“图像适应尺寸”把任意图像变成模型的尺寸；在 VAE 解码之后加上“校正颜色”，结果便具有原图的颜色。",
    ),
    category="image-to-image",
    tags=("img2img", "denoise"),
)
def image_to_image(sheet: Sheet) -> None:
    """A heart becomes an apple."""
    begun = samples.start(sheet, "a large green apple on a blue background, 3d style")
    picture = sheet.add("LoadImage", image=HEART)
    fitted = sheet.add("FitImage", image=picture, width=128, height=128, resize_mode="crop")
    latent = sheet.add("VAEEncode", pixels=fitted, vae=begun.vae)
    samples.saved(sheet, begun, samples.sampled(sheet, begun, latent, denoise=0.8))


@template(
    title=Text("Inpaint", "局部重绘"),
    about=Text(
        "Repaints what a mask marks, and keeps every other pixel exactly. Connect the mask of Load Image instead to "
        "paint it in the mask editor. masked_content says what the marked part starts from, only masked repaints it "
        "at a size of its own, invert repaints the rest, and soft lets its edge fade.",
        "重绘遮罩标出的部分，其余像素完全不变。若要在遮罩编辑器中涂画，请改接“加载图像”的遮罩。"
        "masked_content 决定标出部分的初始内容，only masked 以单独的尺寸重绘，invert 重绘其余部分，soft 让边缘渐变。",
    ),
    category="inpainting",
    tags=("mask", "repaint"),
)
def inpaint(sheet: Sheet) -> None:
    """The middle of a heart becomes a star."""
    begun = samples.start(sheet, "a small yellow star on a red background, flat style")
    picture = sheet.add("LoadImage", image=HEART)
    mask = _square(sheet, 36, 32, 56)
    painted = sheet.add("Inpaint", **_run(begun), image=picture, mask=mask, denoise=1.0, masked_content="fill")
    sheet.add("SaveImage", images=painted)


@template(
    title=Text("Outpainting mk2", "外扩绘制 mk2"),
    about=Text(
        "Continues a picture beyond its edges, one after the other, from noise that has the shapes and the colours of "
        "the picture. The prompt describes the whole. Fall-off makes the noise finer or larger; the seam is as wide as "
        "the blur of the mask. New sides are multiples of 64.",
        "逐边扩展图像，从与其形状和颜色相近的噪声开始绘制。提示词描述整张图像。衰减指数使噪声更细或更大；接缝宽度等于遮罩模糊。"
        "新的边长为 64 的倍数。",
    ),
    category="inpainting",
    tags=("outpaint", "extend"),
)
def outpainting_mk2(sheet: Sheet) -> None:
    """A small heart gets room around it."""
    begun = samples.start(sheet, "a small red heart on a blue background, 3d style")
    picture = sheet.add("LoadImage", image=HEART)
    small = sheet.add("ImageScale", image=picture, upscale_method="area", width=64, height=64)
    run = _run(begun, sampler_name="euler_ancestral", scheduler="normal")
    painted = sheet.add("OutpaintMk2", **run, image=small, pixels=32, mask_blur=4, context=128, denoise=0.9)
    sheet.add("SaveImage", images=painted)


@template(
    title=Text("Poor man's outpainting", "简易外扩绘制"),
    about=Text(
        "Continues a picture beyond all edges at once, in tiles, from the blurred colours of its edges. Tiles have the "
        "size that the model paints best, and share as many pixels as are added.",
        "同时向各边扩展图像，按分块从边缘模糊后的颜色开始绘制。分块取模型最擅长的尺寸，相邻分块共有的像素数等于扩展的像素数。",
    ),
    category="inpainting",
    tags=("outpaint", "extend"),
)
def outpainting_poor_man(sheet: Sheet) -> None:
    """A small heart gets room around it."""
    begun = samples.start(sheet, "a small red heart on a blue background, 3d style")
    picture = sheet.add("LoadImage", image=HEART)
    small = sheet.add("ImageScale", image=picture, upscale_method="area", width=64, height=64)
    run = _run(begun, sampler_name="euler_ancestral", scheduler="normal")
    painted = sheet.add("OutpaintPoorMan", **run, image=small, pixels=32, tile_width=128, tile_height=128, denoise=0.9)
    sheet.add("SaveImage", images=painted)


@template(
    title=Text("SD upscale", "SD 放大"),
    about=Text(
        "Enlarges a picture and repaints it in overlapping tiles, each of the size that the model knows, so that large "
        "pictures need no more memory. Keep denoise low: more paints the whole prompt into every tile. Connect an "
        "upscale model for sharper edges to begin with.",
        "放大图像，并以互相重叠、模型熟悉的尺寸的分块重绘，因此大图不需要更多内存。请保持较低的去噪强度：更高则会在每个分块里画出整个提示词。"
        "连接放大模型可使起点的边缘更清晰。",
    ),
    category="upscaling",
    tags=("tiles", "enlarge"),
)
def sd_upscale(sheet: Sheet) -> None:
    """A heart of twice the size."""
    begun = samples.start(sheet, "a large red heart on a blue background, 3d style")
    picture = sheet.add("LoadImage", image=HEART)
    run = _run(begun, steps=8)
    painted = sheet.add(
        "SDUpscale", **run, image=picture, scale_by=1.5, tile_width=128, tile_height=128, overlap=32, denoise=0.1
    )
    sheet.add("SaveImage", images=painted)


@template(
    title=Text("img2img alternative", "图生图反演"),
    about=Text(
        "Finds the noise from which a picture comes, under a prompt that describes it, and samples from it with "
        "another prompt: what the prompts share stays where it is. Both runs have the same steps, euler and the "
        "schedule normal. Scales above 2 leave little of the picture.",
        "在描述图像的提示词下求出生成它的噪声，再用另一个提示词从该噪声采样：两个提示词共同的内容保持原位。"
        "两次采样的步数相同，都用 euler 和调度 normal。引导强度超过 2 时原图所剩无几。",
    ),
    category="image-to-image",
    tags=("inversion", "noise"),
)
def image_to_image_alternative(sheet: Sheet) -> None:
    """The heart turns green."""
    begun = samples.start(sheet, "a large green heart on a blue background, 3d style")
    original = sheet.add(
        "CLIPEncode", "Original prompt", clip=begun.clip, text="a large red heart on a blue background, 3d style"
    )
    picture = sheet.add("LoadImage", image=HEART)
    latent = sheet.add("VAEEncode", pixels=picture, vae=begun.vae)
    noise = sheet.add(
        "FindNoise", model=begun.model, positive=original, negative=begun.negative, latent=latent, steps=20
    )
    guider = sheet.add("CFGGuider", model=begun.model, positive=begun.positive, negative=begun.negative, cfg=2.0)
    sampler = sheet.add("KSamplerSelect", sampler_name="euler")
    levels = sheet.add("BasicScheduler", model=begun.model, scheduler="normal", steps=20)
    sampled = sheet.add(
        "SamplerCustomAdvanced", noise=noise[0], guider=guider, sampler=sampler, sigmas=levels, latent_image=noise[1]
    )
    samples.saved(sheet, begun, sampled[0])


@template(
    title=Text("Loopback", "回环"),
    about=Text(
        "Repaints a picture several times, each time from the result and with the next seed, so that it moves towards "
        "the prompt step by step. denoise goes from the first value to the last along the curve. Connect a captioner "
        "and the CLIP to add to the prompt what each picture shows.",
        "多次重绘图像，每次从上次的结果开始并使用下一个种子，逐步靠近提示词。去噪强度沿曲线从初值变到终值。"
        "连接描述器和 CLIP，可把每张图像的内容加到提示词后面。",
    ),
    category="image-to-image",
    tags=("feedback", "repeat"),
)
def loopback(sheet: Sheet) -> None:
    """A heart becomes an apple in three loops."""
    begun = samples.start(sheet, "a large green apple on a blue background, 3d style")
    picture = sheet.add("LoadImage", image=HEART)
    run = _run(begun, steps=8)
    painted = sheet.add("Loopback", **run, image=picture, loops=3, denoise=0.6, final_denoise=0.7)
    sheet.add("SaveImage", images=painted["history"])
