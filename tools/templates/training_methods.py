"""Templates of other trainings of the embedded checkpoint on the mascot, and of a trained one held to an outline."""

from tools.templates.samples import Start, compared, empty, sampled, saved, shown, start
from tools.templates.sheet import Node, Sheet
from tools.templates.template import Text, template
from tools.templates.training import GHOSTS, trained

LORA = "pocket_ghost.safetensors"
NETWORK = "pocket_canny.safetensors"
NAME = "little_ghost"
PROMPT = "a ghst on a purple background, flat style"
OF_CLASS = "a cat on a white background, flat style"


@template(
    title=Text("A trained subject with a ControlNet", "训练的主体配合 ControlNet"),
    about=Text(
        "A subject that a LoRA has learned, painted where a picture's edges say: the LoRA changes the model, the "
        "ControlNet the prompts, and neither knows of the other. Beside it is what each does alone: the LoRA puts the "
        "ghost anywhere, the ControlNet fills the outline with what the model knew before. A lower strength or an "
        "earlier end_percent leaves the subject more freedom. Load another picture, or a LoRA of your own subject.",
        "LoRA 学会的主体，画在一张图的边缘所限定的位置：LoRA 改变模型，ControlNet 改变提示词，两者互不相干。"
        "旁边是各自单独的结果：只用 LoRA，幽灵画在任意位置；只用 ControlNet，轮廓里是模型原来会画的东西。"
        "强度低一些，或结束得早一些，主体就更自由。可以换成别的图片，或你自己主体的 LoRA。",
    ),
    category="training",
    tags=("lora", "controlnet", "subject"),
)
def trained_subject_with_controlnet(sheet: Sheet) -> None:
    """The ghost of a LoRA within the edges of another picture."""
    begun = start(sheet, PROMPT)
    subject = sheet.add("LoraLoaderModelOnly", "The ghost", model=begun.model, lora_name=LORA)
    with sheet.group("Outline"):
        picture = sheet.add("LoadImage", image="examples/ghost/ghost_01.png")
        edges = sheet.add("CannyEdges", image=picture, low_threshold=100, high_threshold=200, resolution=0)
        outline = sheet.add("PreviewImage", "Outline", images=edges)
    network = sheet.add("ControlNetLoader", control_net_name=NETWORK)
    held = sheet.add(
        "ControlNetApplyAdvanced", positive=begun.positive, negative=begun.negative, control_net=network, image=edges,
    )  # fmt: skip
    taught = begun._replace(model=subject["MODEL"])
    latent = empty(sheet)
    free = shown(sheet, taught, sampled(sheet, taught, latent, "LoRA alone"), "Anywhere")
    asked = {"positive": held[0], "negative": held[1]}
    plain = shown(sheet, begun, sampled(sheet, begun, latent, "ControlNet alone", **asked), "Without the LoRA")
    both = saved(sheet, taught, sampled(sheet, taught, latent, "Both", **asked), "In the outline")
    sheet.thumbnail(outline, free, plain, both)


@template(
    title=Text("Train a textual inversion", "训练文本反转"),
    about=Text(
        "Teaches a word and nothing else: four vectors that the text encoder reads where a prompt has "
        "embedding:little_ghost; the model stays as it is. So the file is tiny and the word learns what the model can "
        "paint already: the ghost's pale colour and roughly its shape, not its scarf. The captions say what else is in "
        "the pictures, here the ground, so that the word does not mean that too. Put your own pictures with captions "
        "into a folder inside input. The file is in models/embeddings.",
        "只教一个词：提示词里写 embedding:little_ghost 的地方，文本编码器读到四个学出来的向量；模型本身不变。"
        "所以文件很小，词只能学到模型本来画得出的东西：幽灵的浅色和大致的形状，而不是它的围巾。"
        "描述写出图片里的其他内容（这里是背景），词就不会把它们也学进去。"
        "把自己的图片和描述放进 input 里的一个文件夹即可。文件在 models/embeddings 里。",
    ),
    category="training",
    tags=("textual inversion", "embedding", "subject"),
)
def train_textual_inversion(sheet: Sheet) -> None:
    """A word for the ghost, and pictures of the words that it began with and of the word."""
    begun = start(sheet, PROMPT)
    with sheet.group("Training"):
        pictures = sheet.add("TrainingPictures", folder_name=GHOSTS)
        learned = trained(
            sheet, begun, "TrainTextualInversion", "Train Textual Inversion", pictures, name=NAME,
            initial_words="ghost", vectors=4, steps=60, learning_rate=0.03, texts="captions",
        )  # fmt: skip
    latent = empty(sheet)
    before = shown(sheet, begun, sampled(sheet, begun, latent, "Before"), "Without the word")
    word = f"embedding:{NAME} {PROMPT}"
    positive = sheet.add("CLIPEncode", "Prompt with the word", clip=learned["CLIP"], text=word)
    after = saved(sheet, begun, sampled(sheet, begun, latent, "After", positive=positive), "With the word")
    sheet.thumbnail(before, after, form="grid")


@template(
    title=Text("DreamBooth with class pictures", "带类别图片的 DreamBooth"),
    about=Text(
        "Trains all weights of the model on the ghost, and beside it on pictures of a class that it should keep: here "
        "cats, which the model paints itself before the training. They come from the graph, are made once, and count "
        "as much as weight says. Shown are the ghost's prompt and the cat's, before and after; what happens without "
        "the class pictures is in the template DreamBooth: prior on and off. Take as class what your subject is: for "
        "your own cat, pictures of cats. Usual models want a learning rate of about 0.000002 and hundreds of steps. "
        "The checkpoint is in models/checkpoints.",
        "用幽灵的图片训练模型的全部权重，同时训练应当保留的类别的图片：这里是猫，由模型在训练前自己画出。"
        "它们来自图中，只画一次，分量由“权重”决定。四张图是幽灵和猫的提示词在训练前后的结果；"
        "没有类别图片会怎样，见模板“DreamBooth：有无先验保留”。"
        "类别应当是你的主体所属的类别：教自己的猫，就用猫的图片。常见模型的学习率约为 0.000002，需要几百步。"
        "检查点在 models/checkpoints 里。",
    ),
    category="training",
    tags=("dreambooth", "prior preservation", "subject"),
)
def train_dreambooth(sheet: Sheet) -> None:
    """The whole model learns the ghost, and keeps what cats look like."""
    begun = start(sheet, PROMPT)
    prompt, of_class = _class_pictures(sheet, begun)
    with sheet.group("Training"):
        subject = sheet.add("TrainingPictures", folder_name=GHOSTS)
        both = sheet.add("JoinTrainingPictures", dataset0=subject, dataset1=of_class)
        learned = _dreambooth(sheet, begun, "Train DreamBooth", both, NAME)
    taught, latent = begun._replace(model=learned["MODEL"]), empty(sheet)
    before = shown(sheet, begun, sampled(sheet, begun, latent, "Subject before"), "Before")
    after = saved(sheet, taught, sampled(sheet, taught, latent, "Subject"), "The subject")
    again = saved(sheet, taught, sampled(sheet, taught, latent, "Class", positive=prompt), "The class")
    cat = shown(sheet, begun, sampled(sheet, begun, latent, "Class before", positive=prompt), "The class before")
    sheet.thumbnail(before, after, cat, again)


@template(
    title=Text("DreamBooth: prior on and off", "DreamBooth：有无先验保留"),
    about=Text(
        "The same DreamBooth training twice: once with the ghost's pictures alone, once with pictures of cats beside "
        "them, which the model has painted itself. Look at the columns: both trainings learn what 24 steps give of "
        "the ghost, but without class pictures the cat loses its face, though no picture of the ghost is called a cat: "
        "what is trained on one thing forgets others. With them it keeps it, and a third of what is learned from is "
        "cats. The loss of the ghost's pictures shows nothing of this: paint prompts of the class. For your own "
        "subject take a class that it belongs to, and look at prompts of that class, and of others, before you use "
        "the model. The weight of Images as Training Pictures is the weight of the prior: 0 is none, 1 is usual.",
        "同一个 DreamBooth 训练做两次：一次只用幽灵的图片，一次再加上由模型自己画的猫的图片。"
        "请按列比较：两次都学到了 24 步能学到的幽灵，但没有类别图片时猫失去了脸，"
        "尽管没有一张幽灵图片被称作猫：只练一样，就会忘记别的；"
        "有类别图片时，脸保住了，而学习用的图片里有三分之一是猫。"
        "幽灵图片的损失看不出这一点：要画类别的提示词。"
        "训练自己的主体时，选它所属的类别，使用模型之前，看看这个类别和其他类别的提示词画得如何。"
        "“以图像为训练图片”的“权重”就是先验的权重：0 是没有，1 是常用值。",
    ),
    category="training",
    tags=("dreambooth", "prior preservation", "compare"),
)
def train_dreambooth_prior(sheet: Sheet) -> None:
    """The ghost and a cat: before a training, after one without class pictures, and after one with them."""
    begun = start(sheet, PROMPT)
    prompt, of_class = _class_pictures(sheet, begun)
    with sheet.group("Trainings"):
        subject = sheet.add("TrainingPictures", folder_name=GHOSTS)
        both = sheet.add("JoinTrainingPictures", dataset0=subject, dataset1=of_class)
        without = _dreambooth(sheet, begun, "Without class pictures", subject, "without_prior")
        kept = _dreambooth(sheet, begun, "With class pictures", both, "with_prior")
    models = {"before": begun.model, "prior off": without["MODEL"], "prior on": kept["MODEL"]}
    latent, made = empty(sheet), {}
    for name, positive in (("ghost", begun.positive), ("cat", prompt)):
        for when, model in models.items():
            title = f"{name}, {when}"
            made[title] = sampled(sheet, begun._replace(model=model), latent, title, positive=positive, steps=12)
    sheet.thumbnail(compared(sheet, begun, made, columns=3))


def _class_pictures(sheet: Sheet, begun: Start) -> tuple[Node, Node]:
    """The prompt of a class, and pictures of it that the model paints before it is trained."""
    with sheet.group("Pictures of the class"):
        prompt = sheet.add("CLIPEncode", "Prompt of the class", clip=begun.clip, text=OF_CLASS)
        latents = empty(sheet, batch_size=4)
        made = sampled(sheet, begun, latents, "Class pictures", positive=prompt, steps=8)
        pictures = sheet.add("VAEDecode", samples=made, vae=begun.vae)
        return prompt, sheet.add("TrainingImages", images=pictures, caption=OF_CLASS, weight=1.0)


def _dreambooth(sheet: Sheet, begun: Start, title: str, dataset: Node, name: str) -> Node:
    """A training of all weights that is as short as it can be."""
    return trained(sheet, begun, "TrainDreamBooth", title, dataset, name=name, steps=24, learning_rate=0.0006)


@template(
    title=Text("Train a hypernetwork", "训练超网络"),
    about=Text(
        "Teaches small networks before the keys and values of the model's attention what eight pictures show, as the "
        "WebUI's hypernetworks; the model itself stays as it is. In so few steps it learns the ghost's colours and "
        "roughly its shape; with more steps only the new ones are trained. Large models usually want a learning rate "
        "of 0.0001 or less, and many more steps. Load Hypernetwork takes the file, which is in models/hypernetworks.",
        "在模型注意力的键和值之前加上小网络，像 WebUI 的超网络那样，用八张图片教它们；模型本身不变。"
        "步数这么少，学到的是幽灵的颜色和大致的形状；增加步数只训练新增的部分。"
        "大模型通常用 0.0001 或更低的学习率，步数也多得多。“加载超网络”可以载入文件，它在 models/hypernetworks 里。",
    ),
    category="training",
    tags=("hypernetwork", "subject"),
)
def train_hypernetwork(sheet: Sheet) -> None:
    """A hypernetwork of the ghost, and pictures without and with it."""
    begun = start(sheet, PROMPT)
    with sheet.group("Training"):
        pictures = sheet.add("TrainingPictures", folder_name=GHOSTS)
        learned = trained(
            sheet, begun, "TrainHypernetwork", "Train Hypernetwork", pictures, name=NAME,
            steps=60, learning_rate=0.003, layers="1, 2, 1",
        )  # fmt: skip
    latent = empty(sheet)
    before = shown(sheet, begun, sampled(sheet, begun, latent, "Without it"), "Before")
    taught = begun._replace(model=learned["MODEL"])
    after = saved(sheet, taught, sampled(sheet, taught, latent, "With it"), "After")
    sheet.thumbnail(before, after, form="grid")
