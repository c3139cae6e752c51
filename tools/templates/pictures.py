"""Templates that work on pictures: details, cut-outs, colours."""

from tools.templates import samples
from tools.templates.sheet import Sheet
from tools.templates.template import Text, template


@template(
    title=Text("Detail pass", "局部细节重绘"),
    about=Text(
        "Paints a picture with something small in it, enlarges it, and gives the small thing the pixels that the "
        "model needs: its mask is found by colour, cut out with some of what is around it at a size to work on, "
        "painted again, and put back. Every separate part of the mask is done by itself, and what no mask marks stays "
        "exactly as it is. For people in photographs, put Find Faces in place of Mask by Colour and the two nodes "
        "behind it.",
        "先画一张含有小物体的图片并放大，再给小物体足够的像素：按颜色找到它的遮罩，连同周围一部分裁出并缩放到便于处理的大小，"
        "重新绘制，再放回原处。遮罩的每个分离部分各自处理，没有标记的地方保持完全不变。照片中的人脸可用“查找人脸”代替“按颜色取遮罩”"
        "及其后的两个节点。",
    ),
    category="inpainting",
    tags=("detail", "face", "crop", "mask"),
)
def detail_pass(sheet: Sheet) -> None:
    """A small thing is found, painted again at its own size, and put back."""
    begun = samples.start(sheet, "a small green frog on a white background, 3d style")
    first = samples.sampled(sheet, begun, samples.empty(sheet), "Picture")
    picture = sheet.add("VAEDecode", samples=first, vae=begun.vae)
    large = sheet.add("ImageScaleBy", "Enlarge", image=picture, upscale_method="bicubic", scale_by=3.0)
    with sheet.group("Find"):
        ground = sheet.add("MaskByColor", "Background", image=large, color="#f4f4f4", tolerance=16.0, softness=0.0)
        thing = sheet.add("InvertMask", mask=ground)
        parts = sheet.add("SplitMask", mask=thing, smallest=400, most=4)
        wide = sheet.add("MaskMorphology", "A little more", mask=parts, operation="dilate", radius=16)
    with sheet.group("Redo"):
        cut = sheet.add("CropByMask", image=large, mask=wide, padding=8, width=128, height=128)
        encoded = sheet.add("VAEEncode", pixels=cut["image"], vae=begun.vae)
        prompt = sheet.add(
            "CLIPEncode",
            "Prompt for the part",
            clip=begun.clip,
            text="a large green frog on a white background, 3d style",
        )
        painted = samples.sampled(sheet, begun._replace(positive=prompt), encoded, "Redo", denoise=0.6)
        redone = sheet.add("VAEDecode", samples=painted, vae=begun.vae)
    pasted = sheet.add("PasteCrop", image=large, parts=redone, places=cut["place"], feather=12)
    before = sheet.add("PreviewImage", "Before", images=large)
    after = sheet.add("SaveImage", "After", images=pasted)
    sheet.thumbnail(before, after)


@template(
    title=Text("Cut out and restage", "抠图换景"),
    about=Text(
        "Takes the thing in a picture off its background: the background is found by its colour, and what is left is "
        "put on another picture, with a white rim and a shadow, like a sticker. All of it is masks: grown for the "
        "rim, blurred for the shadow.",
        "把图片中的物体从背景中取出：按颜色找到背景，剩下的部分放到另一张图片上，像贴纸一样带白边和阴影。全部由遮罩完成：扩大成白边，"
        "模糊成阴影。",
    ),
    category="pictures",
    tags=("cutout", "mask", "background", "blend"),
)
def cut_out(sheet: Sheet) -> None:
    """A thing is put on another background, with a rim and a shadow."""
    loaded = sheet.add("LoadImage", "Thing", image="examples/house.png")
    thing = sheet.add(
        "PadImage", "Room around it", image=loaded, left=70, top=70, right=10, bottom=10, edges="color", color="#f4f4f4"
    )
    other = sheet.add("LoadImage", "Scene", image="examples/rocket.png")
    scene = sheet.add("ImageScale", "Its size", image=other, upscale_method="bicubic", width=208, height=208)
    with sheet.group("Masks"):
        ground = sheet.add("MaskByColor", "Background", image=thing, color="#f4f4f4", tolerance=14.0, softness=2.0)
        filled = sheet.add("FillMaskHoles", mask=sheet.add("InvertMask", mask=ground))
        clean = sheet.add("RemoveSmallParts", mask=filled, smallest=100)
        rim = sheet.add("MaskMorphology", "Rim", mask=clean, operation="dilate", radius=3)
        shadow = sheet.add("BlurMask", "Shadow", mask=rim, sigma=3.0)
    black = sheet.add("EmptyImage", "Black", width=208, height=208, color=0)
    white = sheet.add("EmptyImage", "White", width=208, height=208, color=0xFFFFFF)
    shaded = sheet.add(
        "ImageBlend",
        "With shadow",
        image1=scene["IMAGE"],
        image2=black,
        blend_factor=0.6,
        blend_mode="multiply",
        mask=shadow,
    )
    rimmed = sheet.add("ImageBlend", "With rim", image1=shaded, image2=white, blend_factor=1.0, mask=rim)
    whole = sheet.add("ImageBlend", "With thing", image1=rimmed, image2=thing["IMAGE"], blend_factor=1.0, mask=clean)
    sheet.thumbnail(sheet.add("SaveImage", images=whole))


@template(
    title=Text("Darkroom", "暗房"),
    about=Text(
        "One picture in eight treatments on a contact sheet with captions: levels, colour temperature, the mood of "
        "another picture, saturation, a lens blur, sharpening, grain, and few colours. Take the ones you like, and "
        "connect your own picture.",
        "一张图片的八种处理，放在带说明的缩略图总览里：色阶、色温、另一张图片的氛围、饱和度、镜头模糊、锐化、颗粒和减少颜色。"
        "取用喜欢的处理，并接入自己的图片。",
    ),
    category="pictures",
    tags=("colour", "levels", "blur", "grain", "contact sheet"),
)
def darkroom(sheet: Sheet) -> None:
    """A contact sheet of what the nodes for colours and filters do."""
    loaded = sheet.add("LoadImage", "Picture", image="examples/cat.png")
    mood = sheet.add("LoadImage", "Mood", image="examples/rocket.png")
    image = loaded["IMAGE"]
    with sheet.group("Treatments"):
        treated = [
            sheet.add("ImageLevels", image=image, black=30, gamma=1.3, white=220),
            sheet.add("ColorTemperature", image=image, temperature=70.0),
            sheet.add("TransferColors", image=image, reference=mood["IMAGE"]),
            sheet.add("AdjustImage", image=image, contrast=1.2, saturation=0.0),
            sheet.add("LensBlur", image=image, radius=4.0),
            sheet.add("UnsharpMask", image=image, sigma=2.0, amount=2.0),
            sheet.add("FilmGrain", image=image, strength=0.12),
            sheet.add("ImageQuantize", image=image, colors=6, dither="bayer-4"),
        ]
    batch = treated[0]
    for each in treated[1:]:
        batch = sheet.add("ImageBatch", image1=batch, image2=each)
    captions = "levels\nwarm\nmood\ngrey\nlens blur\nsharpened\ngrain\nsix colours"
    contact = sheet.add("ContactSheet", images=batch, captions=captions, columns=4, width=128, margin=12, text_size=14)
    sheet.thumbnail(sheet.add("SaveImage", images=contact))
