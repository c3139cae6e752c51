"""Templates in which several control networks act at once."""

from tools.templates.samples import empty, sampled, start
from tools.templates.sheet import Sheet
from tools.templates.template import Text, template

NETWORK = "pocket_canny.safetensors"


@template(
    title=Text("Several ControlNets at once", "同时使用多个 ControlNet"),
    about=Text(
        "Two units hold one picture: the edges of a cat its left half, those of a house its right half. A ControlNet "
        "is applied to the prompts that another one was applied to; a mask says where each counts, and strength, start "
        "and end how much and when. Here each half has a prompt of its own too. Units may have different networks, "
        "such as depth and pose, and without masks all of them act everywhere.",
        "两个单元共同约束一张图：猫的边缘约束左半边，房子的边缘约束右半边。"
        "把 ControlNet 应用到已经应用过另一个的提示词上即可；"
        "遮罩决定各自在哪里起作用，强度、开始和结束决定多强、何时。这里每半边还有各自的提示词。"
        "各单元可以用不同的网络，例如深度和姿势；没有遮罩时都作用于整个画面。",
    ),
    category="control",
    tags=("controlnet", "multi", "mask", "regional"),
)
def controlnet_units(sheet: Sheet) -> None:
    """A cat in its edges on the left, a house in its edges on the right."""
    begun = start(sheet, "a white background, flat style")
    network = sheet.add("ControlNetLoader", control_net_name=NETWORK)
    positive, negative = begun.positive["CONDITIONING"], begun.negative["CONDITIONING"]
    hints = []
    halves = (("Left", "cat.png", "right", "a large pink cat on a white background, flat style"),
              ("Right", "house.png", "left", "a large blue house on a white background, flat style"))  # fmt: skip
    for number, (title, file, beside, text) in enumerate(halves):
        with sheet.group(title):
            picture = sheet.add("LoadImage", image=f"examples/{file}")
            edges = sheet.add("CannyEdges", image=picture, low_threshold=100, high_threshold=200, resolution=0)
            hint = sheet.add("PadImage", image=edges, edges="color", **{beside: 128})
            where = sheet.add("InvertMask", mask=hint["MASK"])
            prompt = sheet.add("CLIPEncode", f"{title} prompt", clip=begun.clip, text=text)
            area = sheet.add(
                "ConditioningSetAreaPercentage", conditioning=prompt, width=0.5, height=1.0, x=number / 2, y=0.0
            )
        hints.append((title, hint["IMAGE"], where))
        positive = sheet.add("ConditioningCombine", conditioning_1=positive, conditioning_2=area)[0]
    for title, image, where in hints:
        held = sheet.add(
            "ControlNetApplyModes", f"{title} unit", positive=positive, negative=negative, control_net=network,
            image=image, mask=where,
        )  # fmt: skip
        positive, negative = held[0], held[1]
    asked = {"positive": positive, "negative": negative}
    made = sheet.add("VAEDecode", samples=sampled(sheet, begun, empty(sheet, 256, 128), **asked), vae=begun.vae)
    sheet.add("SaveImage", images=made)
    hinted = sheet.add(
        "ImageBlend", "Both hints", image1=hints[0][1], image2=hints[1][1], blend_factor=1.0, blend_mode="screen"
    )
    both = sheet.add("ImageStitch", "One above the other", image1=hinted, image2=made, direction="down")
    sheet.thumbnail(sheet.add("PreviewImage", "Hints and picture", images=both))
