"""Templates that train the embedded checkpoint on the mascot, a little ghost that it has never seen."""

from tools.templates import samples
from tools.templates.sheet import Seed, Sheet
from tools.templates.template import Text, template

GHOSTS = "examples/ghost"


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
        trained = sheet.add(
            "TrainLoRA",
            "Train LoRA",
            model=begun.model,
            clip=begun.clip,
            vae=begun.vae,
            dataset=checked,
            name="little_ghost",
            steps=200,
            learning_rate=0.002,
            text_learning_rate=0.0,
            rank=8,
            alpha=8.0,
            batch_size=2,
            resolution=128,
            seed=Seed(1),
        )
    latent = samples.empty(sheet)
    before = samples.shown(sheet, begun, samples.sampled(sheet, begun, latent, "Without it"), "Before")
    taught = begun._replace(model=trained["MODEL"])
    after = samples.saved(sheet, taught, samples.sampled(sheet, taught, latent, "With it"), "After")
    sheet.thumbnail(before, after, form="grid")
