"""Templates in which two models make one picture: the embedded one, and the same with a LoRA of our mascot."""

from tools.templates.samples import Start, compared, empty, sampled, start
from tools.templates.sheet import Output, Seed, Sheet
from tools.templates.template import Text, template

GHOST = "pocket_ghost.safetensors"
PROMPT = "a ghst on a purple background, flat style"


@template(
    title=Text("Merge models", "合并模型"),
    about=Text(
        "Two models of one family are mixed weight by weight: 1 is the first, 0 the second. Here the second is the "
        "first with a LoRA that has taught it a little ghost, and the prompt asks for that. Merge Models by Part mixes "
        "the parts of the network with ratios of their own: the last picture has the second model's decoder alone. "
        "Put a loader of another checkpoint in place of the LoRA, and Save Checkpoint behind a merge, to keep a model.",
        "把同一家族的两个模型逐个权重混合：1 是第一个，0 是第二个。"
        "这里第二个是加了 LoRA 的第一个，LoRA 教会了它一个小幽灵，提示词要的就是它。"
        "“按部分合并模型”让网络的各部分各有比例：最后一张只用第二个模型的解码部分。"
        "用另一个检查点的加载器代替 LoRA，并在合并之后接上“保存检查点”，就能保存成模型。",
    ),
    category="adapters",
    tags=("merge", "checkpoint merger", "block weights"),
)
def model_merging(sheet: Sheet) -> None:
    """A ghost that comes out of one model, a mixture, and another one."""
    begun = start(sheet, PROMPT)
    second, latent = _taught(sheet, begun), empty(sheet)
    mixed = sheet.add("ModelMergeSimple", "Mixed", model1=begun.model, model2=second, ratio=0.5)
    parts = {"model1": begun.model, "model2": second, "input": 1.0, "middle": 1.0, "out": 0.0}
    decoder = sheet.add("ModelMergeBlocks", "The second one's decoder", **parts)
    models = {"first": begun.model, "half of each": mixed, "second": second, "second's decoder": decoder}
    made = {name: sampled(sheet, begun, latent, name, model=model) for name, model in models.items()}
    sheet.thumbnail(compared(sheet, begun, made))


@template(
    title=Text("A refiner takes over", "精炼模型接手"),
    about=Text(
        "One model begins a picture, and another ends it, from a part of the noise levels on: it is how the refiner of "
        "SDXL is used. What the first has laid out stays, the second paints the rest. Here the second is the same "
        "checkpoint with a LoRA of a little ghost: the earlier it takes over, the more of the ghost there is. Each "
        "model has prompts of its own, encoded by its own text encoder.",
        "一个模型开始画，另一个从某个噪声强度起画完：SDXL 的精炼模型就是这样用的。第一个模型定下的布局保留下来，"
        "第二个画其余部分。这里第二个是同一检查点加上小幽灵的 LoRA：接手越早，幽灵越多。每个模型有自己的提示词，"
        "由自己的文本编码器编码。",
    ),
    category="text-to-image",
    tags=("refiner", "sdxl", "two models"),
)
def refiner_switch(sheet: Sheet) -> None:
    """The second model takes over later and later."""
    begun = start(sheet, PROMPT)
    second, latent = _taught(sheet, begun), empty(sheet)
    made = {}
    for moment in (0.0, 0.5, 0.7, 1.0):
        made[f"switch at {moment:g}"] = sheet.add(
            "KSamplerRefiner", f"Switch at {moment:g}", model=begun.model, refiner=second, positive=begun.positive,
            negative=begun.negative, refiner_positive=begun.positive, refiner_negative=begun.negative,
            latent_image=latent, seed=Seed(3), steps=20, cfg=2.5, sampler_name="dpmpp_2m", scheduler="karras",
            switch_at=moment,
        )  # fmt: skip
    sheet.thumbnail(compared(sheet, begun, made))


def _taught(sheet: Sheet, begun: Start) -> Output:
    """The model that knows the ghost."""
    return sheet.add("LoraLoaderModelOnly", "Second model", model=begun.model, lora_name=GHOST)["MODEL"]
