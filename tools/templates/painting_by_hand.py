"""Templates that begin with what somebody has painted: a sketch, paint on a picture, a mask from a file."""

from tools.templates import samples
from tools.templates.painting_from_pictures import HEART
from tools.templates.sheet import Seed, Sheet
from tools.templates.template import Text, template

SETTINGS = {"seed": Seed(3), "steps": 16, "cfg": 2.5, "sampler_name": "dpmpp_2m", "scheduler": "karras"}


@template(
    title=Text("Sketch", "涂鸦"),
    about=Text(
        "Makes a picture of a drawing: blocks of colour say where things are, and the prompt says what they are. Paint "
        "your own in the painter (right click on Load Image), or over any picture. A denoise of 0.6 stays close to the "
        "drawing, 0.9 takes only its colours.",
        "把一幅涂鸦变成图像：色块说明东西在哪里，提示词说明它们是什么。可在画板里自己画（右键点击“加载图像”），"
        "也可以画在任何图像上。去噪强度 0.6 贴近原画，0.9 只取其颜色。",
    ),
    category="image-to-image",
    tags=("sketch", "paint", "img2img"),
)
def sketch(sheet: Sheet) -> None:
    """A house of three blocks becomes a house."""
    begun = samples.start(sheet, "a large red house on a blue background, 3d style")
    drawn = sheet.add("LoadImage", "Drawing", image="examples/sketch.png")
    latent = sheet.add("VAEEncode", pixels=drawn, vae=begun.vae)
    painted = samples.saved(sheet, begun, samples.sampled(sheet, begun, latent, denoise=0.75))
    before = sheet.add("PreviewImage", "Before", images=drawn)
    sheet.thumbnail(painted, before, form="inset")


@template(
    title=Text("Inpaint sketch", "局部重绘（涂鸦）"),
    about=Text(
        "What was painted onto a picture is both the mask and the material: the spot of yellow becomes the thing that "
        "the prompt says, in that place and in about that colour, and every other pixel stays exactly. Paint over a "
        "copy of your picture, and load both.",
        "画在图像上的笔触既是遮罩也是材料：黄色的一团变成提示词所说的东西，位置和颜色大致不变，其余像素完全不变。"
        "在图像的副本上作画，再加载两者。",
    ),
    category="inpainting",
    tags=("sketch", "paint", "mask"),
)
def inpaint_sketch(sheet: Sheet) -> None:
    """A yellow spot on the heart becomes a star."""
    begun = samples.start(sheet, "a small yellow star on a red background, flat style")
    original = sheet.add("LoadImage", "Original", image=HEART)
    paint = sheet.add("LoadImage", "Painted", image="examples/heart_painted.png")
    sketched = sheet.add("InpaintSketch", original=original, painted=paint)
    links = {"model": begun.model, "positive": begun.positive, "negative": begun.negative, "vae": begun.vae}
    repainted = sheet.add(
        "Inpaint",
        **links,
        **SETTINGS,
        image=sketched["image"],
        mask=sketched["mask"],
        denoise=0.85,
        masked_content="original",
    )
    saved = sheet.add("SaveImage", images=repainted)
    before = sheet.add("PreviewImage", "Before", images=paint)
    sheet.thumbnail(saved, before, form="inset")


@template(
    title=Text("Inpaint with an uploaded mask", "局部重绘（上传遮罩）"),
    about=Text(
        "Takes the mask from a file: what is white in it is repainted, or what is opaque if it has transparency. Masks "
        "made by other programs, or by other nodes and saved, fit; the mask is brought to the size of the picture.",
        "遮罩来自文件：其中白色的部分被重绘；若文件带透明度，则是不透明的部分。其他程序制作的或由其他节点保存的遮罩都可以用；"
        "遮罩会缩放到图像的尺寸。",
    ),
    category="inpainting",
    tags=("mask", "upload"),
)
def inpaint_upload(sheet: Sheet) -> None:
    """The heart becomes an apple, on the ground that it had."""
    begun = samples.start(sheet, "a large green apple on a blue background, 3d style")
    picture = sheet.add("LoadImage", image=HEART)
    mask = sheet.add("LoadInpaintMask", "Mask", image="examples/heart_mask.png")
    links = {"model": begun.model, "positive": begun.positive, "negative": begun.negative, "vae": begun.vae}
    repainted = sheet.add(
        "Inpaint", **links, **SETTINGS, image=picture, mask=mask, denoise=1.0, masked_content="fill", mask_blur=2
    )
    sheet.thumbnail(sheet.add("SaveImage", images=repainted))
