"""Templates that lay trainings side by side: steps and strengths, algorithms, and ways to have two subjects."""

from tools.templates import samples
from tools.templates.sheet import Node, Seed, Sheet
from tools.templates.template import Text, template
from tools.templates.training import EGGS, GHOSTS, trained_lora

GHOST_LORA = "pocket_ghost.safetensors"
PROMPT = "a ghst on a purple background, flat style"


@template(
    title=Text("LoRA: which steps, which strength", "LoRA：选步数和强度"),
    about=Text(
        "Trains a LoRA once and keeps a file every 20 steps, then paints the same picture with each file across and "
        "each strength down: the usual way to choose both. Take the first column in which the subject is there, and "
        "the highest strength that does not spoil the rest. Pick Snapshot gives the name of the file after so many "
        "steps, and the plot changes its steps: with another save_every write other numbers into the plot. Nothing "
        "is trained again for a cell. The text encoders do not learn here, so the CLIP is the checkpoint's.",
        "只训练一次 LoRA，每 20 步保留一个文件，然后用每个文件（横向）和每个强度（纵向）画同一张图片："
        "这是选择两者的常用方法。选主体已经出现的第一列，以及不破坏其余内容的最高强度。"
        "“选取快照”给出训练到某一步时的文件名，图表改变的就是它的步数：改动“保存间隔步数”后，在图表里写上相应的数字。"
        "画每一格都不会重新训练。这里文本编码器不参与训练，所以 CLIP 用检查点的。",
    ),
    category="training",
    tags=("lora", "xyz", "snapshots", "strength", "compare"),
)
def train_lora_steps_and_strength(sheet: Sheet) -> None:
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
        snapshot = sheet.add("PickSnapshot", "Snapshot", run=trained["run"], steps=20)
        lora = sheet.add("LoraLoader", "LoRA", model=loader["MODEL"], clip=loader["CLIP"], lora_name=snapshot)
        positive = sheet.add("CLIPEncode", "Prompt", clip=lora["CLIP"], text=PROMPT)
        nothing = sheet.add("CLIPEncode", "Negative prompt", clip=lora["CLIP"], text="")
        begun = samples.Start(lora["MODEL"], lora["CLIP"], loader["VAE"], positive, nothing)
        latent = samples.sampled(sheet, begun, samples.empty(sheet), steps=8)
        picture = sheet.add("VAEDecode", samples=latent, vae=loader["VAE"])
        plot = sheet.add(
            "XYZPlot", images=picture, x_target="Snapshot.steps", x_values="20, 40, 60",
            y_target="LoRA.strength_model", y_values="0.5, 0.75, 1", margin=4,
        )  # fmt: skip
    sheet.thumbnail(sheet.add("SaveImage", images=plot["grid"]))


@template(
    title=Text("LoRA, LoCon or LoHa?", "LoRA、LoCon 还是 LoHa？"),
    about=Text(
        "Three algorithms learn the ghost from the same six pictures, in as many steps. Two more pictures are held "
        "out: no training sees them. Compare Trainings draws the curves of all three. Do not rank algorithms by the "
        "loss of the steps, as tutorials do: it is mostly chance, it rewards learning by heart, and equal ranks are "
        "not equal sizes. Look first at the pictures, then at the loss on held-out pictures, then at the table's "
        "columns of time and size. LoHa wants a higher learning rate than the others, as it has here. For your "
        "own pictures change the folder, hold out a tenth, and train each for as long as its held-out loss falls.",
        "三种算法用同样的六张图片、同样的步数学习幽灵。另有两张图片留出，任何训练都看不到。“比较训练”把三者的曲线画在一起。"
        "不要像一些教程那样按每步的损失给算法排名：它主要取决于随机，还会奖励死记硬背，而且秩相同不等于大小相同。"
        "先看图片，再看留出图片上的损失，然后看表格里的时间和大小。LoHa 需要比其他算法更高的学习率，这里就是如此。"
        "换成自己的图片时，改文件夹，留出十分之一，每种算法都训练到留出图片上的损失不再下降为止。",
    ),
    category="training",
    tags=("lora", "locon", "loha", "lycoris", "held-out", "compare"),
)
def train_lora_locon_loha(sheet: Sheet) -> None:
    """The ghost by each algorithm, and the curves of the trainings."""
    begun = samples.start(sheet, PROMPT)
    with sheet.group("Pictures"):
        pictures = sheet.add("TrainingPictures", folder_name=GHOSTS)
        split = sheet.add("SplitTrainingPictures", dataset=pictures, count=2)
        monitor = sheet.add("TrainingMonitor", held_out=split["held_out"], sample_every=0, validate_every=9)
    algorithms = {
        "LoRA": {"learning_rate": 0.004},
        "LoCon": {"learning_rate": 0.004, "conv_rank": 8, "conv_alpha": 8.0},
        "LoHa": {"learning_rate": 0.006, "algorithm": "LoHa"},
    }
    with sheet.group("Trainings"):
        trained = {
            name: trained_lora(
                sheet, begun, name, split["dataset"], name=f"ghost_{name.lower()}", steps=18, monitor=monitor, **options
            )
            for name, options in algorithms.items()
        }
    runs = {f"runs{number}": each["run"] for number, each in enumerate(trained.values())}
    sheet.add("CompareTrainings", **runs)
    latent = samples.empty(sheet)
    made = {"before": samples.sampled(sheet, begun, latent, "before", steps=12)}
    for name, each in trained.items():
        taught = begun._replace(model=each["MODEL"])
        made[name] = samples.sampled(sheet, taught, latent, f"with {name}", steps=12)
    sheet.thumbnail(samples.compared(sheet, begun, made))


@template(
    title=Text("Two subjects in one picture", "同一张图里的两个主体"),
    about=Text(
        "A ghost is asked for on the left and a striped egg on the right, in three ways. Above, one LoRA was trained "
        "on both: the stripes get into the ghost. In the middle, a LoRA of each is added to the model: both halves "
        "are the same mixture, as each LoRA changes everything that is painted. Below, Load LoRA (Region) lets each "
        "act in its own half only, where its prompt acts too: each subject is itself. For your own two subjects "
        "train a LoRA each, draw the masks that you like, and put each prompt where its mask is. Or train one LoRA "
        "longer, with words that the model tells apart and pictures that show both subjects side by side.",
        "左边要幽灵，右边要条纹蛋，用三种方式。上：一个 LoRA 同时学两者，条纹渗进了幽灵。"
        "中：把两个 LoRA 加到同一个模型上，左右两半成了同样的混合物，因为每个 LoRA 都会改变画出的一切。"
        "下：“加载 LoRA（区域）”让每个 LoRA 只在自己的那一半起作用，提示词也只在那里起作用：每个主体都是自己。"
        "换成自己的两个主体时，各训练一个 LoRA，画出需要的遮罩，把每条提示词放在它的遮罩处。"
        "也可以把一个 LoRA 训练得更久，用模型分得清的词，并加入两个主体同时出现的图片。",
    ),
    category="training",
    tags=("lora", "concepts", "bleeding", "regional", "compare"),
)
def train_several_concepts(sheet: Sheet) -> None:
    """Two subjects side by side: by one LoRA of both, by two LoRAs everywhere, and by each in its half."""
    begun = samples.start(sheet, "a ghst on a purple background, flat style")
    begun.positive.title = "Prompt: left"
    right = sheet.add("CLIPEncode", "Prompt: right", clip=begun.clip, text="a zwx on a purple background, flat style")
    halves = [
        sheet.add("ConditioningSetAreaPercentage", conditioning=prompt, width=0.5, height=1.0, x=x, y=0.0)
        for prompt, x in ((begun.positive, 0.0), (right, 0.5))
    ]
    both = sheet.add("ConditioningCombine", conditioning_1=halves[0], conditioning_2=halves[1])
    with sheet.group("Trainings"):
        ghosts = sheet.add("TrainingPictures", "Ghosts", folder_name=GHOSTS)
        eggs = sheet.add("TrainingPictures", "Eggs", folder_name=EGGS)
        joined = sheet.add("JoinTrainingPictures", dataset0=ghosts, dataset1=eggs)
        one = trained_lora(sheet, begun, "Ghost and egg", joined, name="ghost_and_egg", steps=34, learning_rate=0.005)
        egg = trained_lora(sheet, begun, "Egg", eggs, name="egg", steps=28, learning_rate=0.005)
    with sheet.group("Two LoRAs, added"):
        added = sheet.add("LoraLoaderModelOnly", "Ghost, everywhere", model=begun.model, lora_name=GHOST_LORA)
        added = sheet.add("LoraLoaderModelOnly", "Egg, everywhere", model=added, lora_name=egg["lora_name"])
    with sheet.group("Two LoRAs, each in its half"):
        left = _left_half(sheet)
        regional = sheet.add(
            "LoraLoaderRegional", "Ghost, left", model=begun.model, clip=begun.clip, lora_name=GHOST_LORA, mask=left
        )
        regional = sheet.add(
            "LoraLoaderRegional", "Egg, right", model=regional["MODEL"], clip=regional["CLIP"],
            lora_name=egg["lora_name"], mask=sheet.add("InvertMask", mask=left),
        )  # fmt: skip
    latent = samples.empty(sheet, 256, 128)
    models = {"one LoRA of both": one, "two LoRAs, added": added, "two LoRAs, each in its half": regional}
    made = {
        name: samples.sampled(sheet, begun._replace(model=model["MODEL"]), latent, name, positive=both, steps=8)
        for name, model in models.items()
    }
    sheet.thumbnail(samples.compared(sheet, begun, made, columns=1, width=256))


def _left_half(sheet: Sheet) -> Node:
    """A mask of the left half of the picture."""
    nothing = sheet.add("SolidMask", "Whole", value=0.0, width=256, height=128)
    half = sheet.add("SolidMask", "Half", value=1.0, width=128, height=128)
    return sheet.add("MaskComposite", "Left half", destination=nothing, source=half, operation="add")
