"""A template that keeps several snapshots of a training, and lays side by side what they paint."""

from tools.templates import samples
from tools.templates.sheet import Seed, Sheet
from tools.templates.template import Text, template

GHOSTS = "examples/ghost"
SNAPSHOTS = ("ghost_steps-step00000020", "ghost_steps-step00000040", "ghost_steps")


@template(
    title=Text("LoRA: which steps, which strength", "LoRA：选步数和强度"),
    about=Text(
        "Trains a LoRA once and keeps a file every 20 steps, then paints the same picture with each file across and "
        "each strength down: the usual way to choose both. "
        "Take the first column in which the subject is there, and the highest strength that does not spoil the rest. "
        "The names of the files in the plot are those that Train LoRA writes: if you change name, save_every or steps, "
        "change them in Snapshot and in the plot too. The text encoders do not learn here, so the CLIP of Train LoRA "
        "is the checkpoint's; it is linked so that the plot waits for the files.",
        "只训练一次 LoRA，每 20 步保留一个文件，然后用每个文件（横向）和每个强度（纵向）画同一张图片："
        "这是选择两者的常用方法。"
        "选主体已经出现的第一列，以及不破坏其余内容的最高强度。图表里的文件名就是“训练 LoRA”写出的文件名："
        "改动 name、save_every 或 steps 时，也要在“快照”和图表里一起改。这里文本编码器不参与训练，"
        "所以“训练 LoRA”的 CLIP 与检查点的相同；连接它是为了让图表等到文件写好。",
    ),
    category="training",
    tags=("lora", "xyz", "snapshots", "strength", "compare"),
)
def lora_steps_and_strength(sheet: Sheet) -> None:
    """A training with snapshots, and a plot of these and of strengths."""
    loader = sheet.add("CheckpointLoader", ckpt_name=samples.CHECKPOINT)
    with sheet.group("Training"):
        pictures = sheet.add("TrainingPictures", folder_name=GHOSTS)
        trained = sheet.add(
            "TrainLoRA", "Train LoRA", model=loader["MODEL"], clip=loader["CLIP"], vae=loader["VAE"], dataset=pictures,
            name="ghost_steps", steps=60, save_every=20, learning_rate=0.005, text_learning_rate=0.0, rank=8, alpha=8.0,
            batch_size=1, resolution=128, seed=Seed(1),
        )  # fmt: skip
    with sheet.group("Each snapshot, each strength"):
        name = sheet.add("SplitText", "Snapshot", text=f"{SNAPSHOTS[0]}.safetensors")
        lora = sheet.add("LoraLoader", "LoRA", model=loader["MODEL"], clip=trained["CLIP"], lora_name=name)
        positive = sheet.add(
            "CLIPEncode", "Prompt", clip=lora["CLIP"], text="a ghst on a purple background, flat style"
        )
        nothing = sheet.add("CLIPEncode", "Negative prompt", clip=lora["CLIP"], text="")
        begun = samples.Start(lora["MODEL"], lora["CLIP"], loader["VAE"], positive, nothing)
        latent = samples.sampled(sheet, begun, samples.empty(sheet), steps=8)
        picture = sheet.add("VAEDecode", samples=latent, vae=loader["VAE"])
        plot = sheet.add(
            "XYZPlot", images=picture, x_target="Prompt S/R", x_values=", ".join(SNAPSHOTS),
            y_target="LoRA.strength_model", y_values="0.5, 0.75, 1", margin=4,
        )  # fmt: skip
    sheet.thumbnail(sheet.add("SaveImage", images=plot["grid"]))
