"""Templates that begin with a prompt alone."""

from collections.abc import Mapping

from tools.templates.samples import compared, empty, sampled, saved, shown, start
from tools.templates.sheet import Seed, Sheet
from tools.templates.template import Text, template


@template(
    title=Text("Prompt scheduling", "提示词调度"),
    about=Text(
        "In the WebUI's syntax [cat:fish:0.5] asks for a cat in the first half of the steps and for a fish from then "
        "on: the composition is the first one's, the details are the second one's. A whole number instead is a step; "
        "[fish:0.3] adds a word, [cat::0.3] takes one away. Set the dialect of a Prompt node to WebUI for it.",
        "WebUI 语法 [cat:fish:0.5] 在前一半步数里要猫，之后要鱼：构图来自前者，细节来自后者。写整数则表示步数；"
        "[fish:0.3] 中途加入词语，[cat::0.3] 中途去掉词语。使用时请把“提示词”节点的语法设为 WebUI。",
    ),
    category="text-to-image",
    tags=("prompt", "scheduling", "webui"),
)
def prompt_scheduling(sheet: Sheet) -> None:
    """The same seed with a scheduled prompt and with a plain one."""
    begun = start(sheet, "a large [red:green:0.4] [heart:apple:0.25] on a white background, 3d style")
    begun.positive.values["dialect"] = "WebUI"
    plain = sheet.add(
        "CLIPEncode", "Not scheduled", clip=begun.clip, text="a large red heart on a white background, 3d style"
    )
    latent = empty(sheet)
    scheduled = saved(sheet, begun, sampled(sheet, begun, latent, "Scheduled"), "Scheduled picture")
    other = sampled(sheet, begun, latent, "Plain", positive=plain)
    sheet.thumbnail(shown(sheet, begun, other, "Plain picture"), scheduled, form="halves")


@template(
    title=Text("Prompt alternation", "提示词交替"),
    about=Text(
        "[red|yellow] in the WebUI's syntax takes one word after the other, step by step, and the picture becomes a "
        "mixture: of a red heart and a yellow one, an orange one. More than two words are possible, and one that is "
        "there twice counts twice. It needs enough steps for each word to have its say. Set the dialect of a Prompt "
        "node to WebUI for it.",
        "WebUI 语法 [red|yellow] 每一步交替使用词语，画面成为两者的混合：红心与黄心之间，得到橙色的心。"
        "可以写两个以上的词，重复出现的词占两份。步数要足够，让每个词都起作用。"
        "使用时请把“提示词”节点的语法设为 WebUI。",
    ),
    category="text-to-image",
    tags=("prompt", "alternation", "webui"),
)
def prompt_alternation(sheet: Sheet) -> None:
    """Two colours, and their mixtures."""
    colours = ("red", "yellow", "[red|yellow]", "[red|yellow|yellow]")
    _compared(sheet, {colour: f"a large {colour} heart on a blue background, 3d style" for colour in colours})


@template(
    title=Text("AND: several prompts at once", "AND：同时使用多个提示词"),
    about=Text(
        "Prompts that are joined by AND are evaluated one by one, and what they ask for is added: each has its own "
        "weight after a colon, also a negative one. Here a heart is asked for alone, then with a blue background in "
        "a prompt of its own, then with twice as much of that, and in the end away from it. Unlike one long prompt, no "
        "part colours another. The dialect of the Prompt nodes is WebUI.",
        "用 AND 连接的提示词分别计算，再把各自的要求相加：冒号后是各自的权重，也可以为负。这里先单独要一颗心，"
        "再用另一条提示词加上蓝色背景，然后把它加倍，最后反过来远离它。与一条长提示词不同，各部分互不影响。"
        "“提示词”节点的语法为 WebUI。",
    ),
    category="text-to-image",
    tags=("prompt", "AND", "composable diffusion", "webui"),
)
def and_composition(sheet: Sheet) -> None:
    """A prompt alone, with another one, with more of it, and with less than none."""
    heart, ground = "a large red heart, 3d style", "a blue background, 3d style"
    _compared(
        sheet,
        {
            "heart": heart,
            "heart AND blue": f"{heart} AND {ground}",
            "AND blue :2": f"{heart} AND {ground} :2",
            "AND blue :-1": f"{heart} AND {ground} :-1",
        },
    )


def _compared(sheet: Sheet, prompts: Mapping[str, str]) -> None:
    """A picture of each prompt from the same noise, on one sheet with what is special about it."""
    first, *others = prompts
    begun = start(sheet, prompts[first])
    begun.positive.title, begun.positive.values["dialect"] = f"Prompt: {first}", "WebUI"
    latent, made = empty(sheet), {}
    for name in prompts:
        asked = begun.positive
        if name in others:
            asked = sheet.add("CLIPEncode", f"Prompt: {name}", clip=begun.clip, text=prompts[name], dialect="WebUI")
        made[name] = sampled(sheet, begun, latent, name, positive=asked)
    sheet.thumbnail(compared(sheet, begun, made))


@template(
    title=Text("Regional prompts", "分区提示词"),
    about=Text(
        "Each prompt acts in a part of the picture only: set the rectangles as shares of its width and height, and "
        "combine them. A prompt for the whole keeps the parts together. With Set Mask instead of Set Area a region "
        "may have any shape.",
        "每条提示词只在画面的一部分起作用：按宽高的比例设置矩形，再组合起来。一条针对整体的提示词让各部分协调。"
        "用“设置遮罩”代替“设置区域”，区域就可以是任意形状。",
    ),
    category="text-to-image",
    tags=("regional", "area", "composition"),
)
def regional_prompts(sheet: Sheet) -> None:
    """A prompt for each half, and a quiet one for the whole."""
    begun = start(sheet, "green background, 3d style")
    regions = []
    for title, text, x in (("Left", "a red apple on a green background, 3d style", 0.0),
                           ("Right", "a blue fish on a green background, 3d style", 0.5)):  # fmt: skip
        with sheet.group(title):
            prompt = sheet.add("CLIPEncode", f"{title} prompt", clip=begun.clip, text=text)
            regions.append(
                sheet.add("ConditioningSetAreaPercentage", conditioning=prompt, width=0.5, height=1.0, x=x, y=0.0)
            )
    both = sheet.add("ConditioningCombine", conditioning_1=regions[0], conditioning_2=regions[1])
    quiet = sheet.add("ConditioningSetAreaStrength", "Quiet whole", conditioning=begun.positive, strength=0.3)
    all_three = sheet.add("ConditioningCombine", conditioning_1=both, conditioning_2=quiet)
    sheet.thumbnail(saved(sheet, begun, sampled(sheet, begun, empty(sheet, 256, 128), positive=all_three)))


@template(
    title=Text("Variations of a seed", "种子的变体"),
    about=Text(
        "Keep a seed whose picture you like, and go a little way towards another one: the variation strength says how "
        "far. Each picture of the batch goes towards a seed of its own. A larger strength changes more; 1 is the other "
        "picture.",
        "保留喜欢的种子，向另一个种子靠近一点：变体强度决定靠近多少。批次中每张图各有自己的变体种子。"
        "强度越大变化越多；1 就是另一张图。",
    ),
    category="text-to-image",
    tags=("seed", "variation", "subseed"),
)
def variation_seed(sheet: Sheet) -> None:
    """Four variations of one seed."""
    begun = start(sheet, "a cat, 3d style")
    noise = sheet.add("VariationNoise", noise_seed=Seed(3), variation_seed=Seed(20), variation_strength=0.3)
    guider = sheet.add("CFGGuider", model=begun.model, positive=begun.positive, negative=begun.negative, cfg=2.5)
    sampler = sheet.add("KSamplerSelect", sampler_name="dpmpp_2m")
    sigmas = sheet.add("BasicScheduler", model=begun.model, scheduler="karras", steps=20)
    made = sheet.add(
        "SamplerCustomAdvanced", noise=noise, guider=guider, sampler=sampler, sigmas=sigmas,
        latent_image=empty(sheet, batch_size=4),
    )  # fmt: skip
    saved(sheet, begun, made)
