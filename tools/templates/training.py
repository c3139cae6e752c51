"""Templates that train a LoRA of the embedded checkpoint: on a subject that it has never seen, and on a style."""

from tools.templates import samples
from tools.templates.sheet import Node, Output, Seed, Sheet
from tools.templates.template import Text, template

GHOSTS, EGGS, BLUEPRINTS = "examples/ghost", "examples/egg", "examples/blueprint"


def trained(
    sheet: Sheet, begun: samples.Start, type: str, title: str, dataset: Node | Output, **values: object
) -> Node:
    """A node that trains with some pictures, in the size that the checkpoint paints."""
    links = {"model": begun.model, "clip": begun.clip, "vae": begun.vae, "dataset": dataset}
    return sheet.add(type, title, **{**links, "batch_size": 2, "resolution": 128, "seed": Seed(1), **values})


def trained_lora(sheet: Sheet, begun: samples.Start, title: str, dataset: Node | Output, **values: object) -> Node:
    """A LoRA of rank 8, which leaves the text encoder as it is."""
    common = {"text_learning_rate": 0.0, "rank": 8, "alpha": 8.0}
    return trained(sheet, begun, "TrainLoRA", title, dataset, **{**common, **values})


@template(
    title=Text("Train a LoRA", "训练 LoRA"),
    about=Text(
        "Teaches the embedded checkpoint a little ghost by eight pictures, in a minute or two, and paints it on a "
        "ground on which it was never shown, beside what the same prompt gave before. Put your own pictures, each with "
        "a text file of the same name, into a folder inside input, and name it in Training Pictures. A training that "
        "is interrupted goes on where it was; more steps train only these. The file is in models/loras.",
        "用八张图片教会内置检查点画一个小幽灵，只需一两分钟，并把它画在训练时没有出现过的背景上，"
        "旁边是同一提示词在训练前的结果。把自己的图片（每张配一个同名文本文件）放进 input 里的一个文件夹，"
        "并在“训练图片”中填写它。训练中断后会从原处继续；增加步数只训练新增的部分。文件在 models/loras 里。",
    ),
    category="training",
    tags=("lora", "subject", "fine-tune"),
)
def train_lora(sheet: Sheet) -> None:
    """A LoRA of the ghost, and pictures without and with it."""
    begun = samples.start(sheet, "a ghst on a purple background, flat style")
    with sheet.group("Training"):
        pictures = sheet.add("TrainingPictures", folder_name=GHOSTS)
        checked = sheet.add("CheckTrainingPictures", dataset=pictures, resolution=128, batch_size=2)
        taught = trained_lora(sheet, begun, "Train LoRA", checked, name="little_ghost", steps=200, learning_rate=0.002)
    latent = samples.empty(sheet)
    before = samples.shown(sheet, begun, samples.sampled(sheet, begun, latent, "Without it"), "Before")
    begun = begun._replace(model=taught["MODEL"])
    after = samples.saved(sheet, begun, samples.sampled(sheet, begun, latent, "With it"), "After")
    sheet.thumbnail(before, after, form="grid")


@template(
    title=Text("Train a style", "训练画风"),
    about=Text(
        "Teaches how to draw instead of what: eight things that the checkpoint knows, drawn as blueprints. Each "
        "caption names the thing and ends in the same words, blueprint style; so what the captions do not tell apart, "
        "pale lines on dark blue, goes into the style. Look at the frog and the heart: neither was among the pictures, "
        "and both are what they were, only drawn anew. Then look at the cat, whose prompt asks for no blueprint: the "
        "style gets into it too. A lower strength in Load LoRA, or ordinary pictures beside those of the style (as in "
        "DreamBooth with class pictures), keep it out. For a style of your own take 10 to 50 pictures of things as "
        "different as possible, and describe everything in them but the style.",
        "教的是怎么画，而不是画什么：八样检查点已经认识的东西，画成蓝图。每条描述先说是什么，"
        "再以同样的词 blueprint style 结尾；描述没有区分的部分，也就是深蓝底上的浅色线条，就成了画风。"
        "请看青蛙和心：两者都不在训练图片里，画的还是原来的东西，只是换了画法。再看猫，它的提示词并没有要蓝图：画风也渗了进去。"
        "在“加载 LoRA”里降低强度，或者在画风图片之外加入普通图片（如“带类别图片的 DreamBooth”），可以避免。"
        "训练自己的画风时，准备 10 到 50 张内容尽量不同的图片，描述画面里除画风以外的一切。",
    ),
    category="training",
    tags=("lora", "style", "fine-tune", "compare"),
)
def train_style(sheet: Sheet) -> None:
    """A LoRA of blueprints, and three things without and with it, of which two are asked for as blueprints."""
    begun = samples.start(sheet, "a frog, blueprint style")
    begun.positive.title = "Prompt: frog"
    with sheet.group("Training"):
        pictures = sheet.add("TrainingPictures", folder_name=BLUEPRINTS)
        learned = trained_lora(
            sheet, begun, "Train LoRA", pictures, name="blueprint_style", steps=70, learning_rate=0.004
        )
    prompts = {
        "frog": begun.positive,
        "heart": sheet.add("CLIPEncode", "Prompt: heart", clip=begun.clip, text="a heart, blueprint style"),
        "cat": sheet.add("CLIPEncode", "Prompt: cat", clip=begun.clip, text="a cat on a white background, flat style"),
    }
    latent, made = samples.empty(sheet), {}
    for model, suffix in ((begun.model, ""), (learned["MODEL"], ", trained")):
        asked = begun._replace(model=model)
        for name, prompt in prompts.items():
            title = f"{name}{suffix}"
            made[title] = samples.sampled(sheet, asked, latent, title, positive=prompt, steps=12)
    sheet.thumbnail(samples.compared(sheet, begun, made, columns=3))
