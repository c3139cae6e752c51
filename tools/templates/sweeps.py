"""Templates that make many pictures at once: plots, matrices, lists and loops."""

from tools.templates.samples import CHECKPOINT, empty, sampled, start
from tools.templates.sheet import Seed, Sheet
from tools.templates.template import Text, template


@template(
    title=Text("X/Y/Z plot", "X/Y/Z 图表"),
    about=Text(
        "A picture for each value of one widget across and of another one down. Any widget of the nodes before the "
        "plot can be chosen: steps, guidance, samplers, checkpoints, LoRAs and their strengths, seeds. Here "
        "Prompt S/R replaces a word of the prompt. What the axes do not touch is done once.",
        "横向改变一个控件、纵向改变另一个，每种组合一张图片。图表之前的节点的任何控件都可以选：步数、引导强度、采样器、"
        "模型、LoRA 及其强度、种子。这里用 Prompt S/R 替换提示词中的一个词。各轴不涉及的部分只做一次。",
    ),
    category="scripts",
    tags=("xyz", "grid", "compare", "sweep"),
)
def xyz_plot(sheet: Sheet) -> None:
    """Guidance across, a word of the prompt down."""
    begun = start(sheet, "a large red heart on a white background, 3d style")
    latent = sampled(sheet, begun, empty(sheet), steps=10)
    picture = sheet.add("VAEDecode", samples=latent, vae=begun.vae)
    plot = sheet.add(
        "XYZPlot", images=picture, x_target="KSampler.cfg", x_values="1, 2.5, 6",
        y_target="Prompt S/R", y_values="red, blue", margin=4,
    )  # fmt: skip
    sheet.thumbnail(sheet.add("SaveImage", images=plot["grid"]))


@template(
    title=Text("Prompt matrix", "提示词矩阵"),
    about=Text(
        "A prompt with optional parts, separated by |, becomes all prompts in which each part is there or not. "
        "The legend of the grid strikes out what is not there.",
        "提示词用 | 分出可选部分，得到每一部分有或没有的所有提示词。网格的图例划掉不存在的部分。",
    ),
    category="scripts",
    tags=("prompt matrix", "combinations", "grid"),
)
def prompt_matrix(sheet: Sheet) -> None:
    """All combinations of two optional parts."""
    text = "a star on a white background|large|3d style"
    matrix = sheet.add("PromptMatrix", text=text, seed=Seed(3))
    begun = start(sheet, matrix["prompts"])
    latent = sampled(sheet, begun, empty(sheet), steps=12, seed=matrix["seeds"])
    picture = sheet.add("VAEDecode", samples=latent, vae=begun.vae)
    grid = sheet.add("PromptMatrixGrid", images=picture, matrix=matrix["matrix"], margin=4)
    sheet.thumbnail(sheet.add("SaveImage", images=grid))


@template(
    title=Text("Prompts from lines or a file", "从文本行或文件读取提示词"),
    about=Text(
        "Each line is a prompt, with settings of its own if it has any, as --steps 30 or --seed 7. What follows is "
        "done for each line. To read a file, link Text of File to the lines.",
        "每一行是一个提示词，可以带自己的设置，如 --steps 30、--seed 7。后面的节点对每一行各做一次。"
        "要读取文件，把“文件的文本”连到各行。",
    ),
    category="scripts",
    tags=("prompts from file", "batch", "list"),
)
def prompts_from_file(sheet: Sheet) -> None:
    """Three lines, two of them with settings of their own."""
    lines = sheet.add(
        "PromptsFromText",
        lines="a large red house\n--prompt a large blue fish --seed 5\n--prompt a large green apple --steps 8",
        prompt="on a white background, 3d style", mode="start", seed=Seed(3), seeds="the same for all",
        steps=14, cfg=2.5, sampler_name="dpmpp_2m", scheduler="karras", width=128, height=128, ckpt_name=CHECKPOINT,
    )  # fmt: skip
    begun = start(sheet, lines["prompt"])
    size = sheet.add(
        "EmptyLatent", width=lines["width"], height=lines["height"], batch_size=lines["batch_size"]
    )  # fmt: skip
    settings = {name: lines[name] for name in ("seed", "steps", "cfg", "sampler_name", "scheduler")}
    latent = sampled(sheet, begun, size, **settings)
    picture = sheet.add("VAEDecode", samples=latent, vae=begun.vae)
    sheet.thumbnail(sheet.add("SaveImage", images=picture))


@template(
    title=Text("Wildcards and combinations", "通配符与组合"),
    about=Text(
        "All Combinations makes every prompt that {a|b} and __file__ allow, and the graph runs for each. Use Wildcards "
        "instead to choose one at random. A wildcard __name__ is a line of wildcards/name.txt in the user folder.",
        "“所有组合”给出 {a|b} 和 __file__ 允许的每一个提示词，图对每一个各运行一次。要随机选一个，改用“通配符”。"
        "通配符 __name__ 是用户文件夹中 wildcards/name.txt 的一行。",
    ),
    category="scripts",
    tags=("wildcards", "dynamic prompts", "combinations"),
)
def wildcards_and_combinations(sheet: Sheet) -> None:
    """Two choices, all four prompts."""
    prompts = sheet.add(
        "CombinatorialPrompts", text="a large {red|blue} {cat|rocket} on a white background, flat style", limit=8
    )
    begun = start(sheet, prompts)
    latent = sampled(sheet, begun, empty(sheet), steps=10)
    picture = sheet.add("VAEDecode", samples=latent, vae=begun.vae)
    grid = sheet.add("PictureGrid", images=picture, columns=2, margin=4)
    sheet.thumbnail(sheet.add("SaveImage", images=grid))


@template(
    title=Text("For each value of a list", "对列表的每个值循环"),
    about=Text(
        "What lies between Loop Start and Loop End is done for each line of the text. Value 1 is carried from each "
        "time to the next: here the picture, so that each one grows out of the one before. What is collected comes out "
        "as a list.",
        "“循环开始”与“循环结束”之间的节点对文本的每一行各做一次。值 1 从一次带到下一次：这里是图片，"
        "所以每张图片由前一张变来。收集的内容以列表给出。",
    ),
    category="scripts",
    tags=("loop", "for each", "list", "feedback"),
)
def for_each(sheet: Sheet) -> None:
    """Each picture begins with the one before it."""
    begun = start(sheet, "a large red apple on a white background, 3d style")
    first = sampled(sheet, begun, empty(sheet), "First picture", steps=12)
    ends = "a large {} on a white background, 3d style"
    words = "\n".join(ends.format(word) for word in ("red heart", "red star", "red fish"))
    lines = sheet.add("SplitText", text=words)
    begin = sheet.add("LoopStart", items=lines, value_1=first)
    prompt = sheet.add("CLIPEncode", "Prompt of this time", clip=begun.clip, text=begin["item"])
    latent = sampled(sheet, begun, begin["value_1"], "Picture of this time", positive=prompt, steps=10, denoise=0.8)
    picture = sheet.add("VAEDecode", samples=latent, vae=begun.vae)
    end = sheet.add("LoopEnd", loop=begin["loop"], value_1=latent, collect=picture)
    grid = sheet.add("PictureGrid", images=end["collected"], columns=3, margin=4)
    sheet.thumbnail(sheet.add("SaveImage", images=grid))
