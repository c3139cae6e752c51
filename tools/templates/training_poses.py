"""A template of a trained subject that is put where skeletons say."""

from tools.templates.samples import empty, sampled, saved, shown, start
from tools.templates.sheet import Seed, Sheet
from tools.templates.template import Text, template

LORA = "pocket_ghost_poses.safetensors"
NETWORK = "pocket_pose.safetensors"
POSES = ("pose_left.png", "pose_right.png", "pose_small.png")


@template(
    title=Text("A trained subject with a pose ControlNet", "训练的主体配合姿态 ControlNet"),
    about=Text(
        "A subject that a LoRA has learned, put where skeletons say, as large and as tilted: a ControlNet reads three "
        "of them as one batch, each for a picture of its own. Beside it is what each does alone. This LoRA was trained "
        "with skeletons, so that only the look was left for it to learn. One that was trained as usual has learned "
        "where its subject is, too, and pulls against the skeletons: with pocket_ghost, lower the strength to 0.4; it "
        "then mostly keeps its scarf, follows the place roughly, and hardly tilts. These skeletons were drawn; Poses "
        "(OpenPose) and Poses (DWPose) make them of photographs. Other models need a ControlNet of their family.",
        "LoRA 学会的主体，按骨架所示的位置、大小和倾斜来画：ControlNet 以一个批次读取三张骨架，每张图片各用一张。"
        "旁边是各自单独的结果。这个 LoRA 是配着骨架训练的，因此要学的只剩外观。"
        "按通常方式训练的 LoRA 也学会了主体的位置，会与骨架互相拉扯："
        "换成 pocket_ghost 时请把强度降到 0.4，围巾大多能保住，位置大致跟随，但几乎不会倾斜。"
        "这些骨架是画出来的；“姿态（OpenPose）”和“姿态（DWPose）”可以从照片得到骨架。别的模型需要该系列的 ControlNet。",
    ),
    category="training",
    tags=("lora", "controlnet", "pose", "openpose", "subject"),
)
def trained_subject_with_pose(sheet: Sheet) -> None:
    """The ghost of a LoRA where three skeletons stand."""
    begun = start(sheet, "a ghst on a purple background, flat style")
    subject = sheet.add("LoraLoaderModelOnly", "The ghost", model=begun.model, lora_name=LORA)
    with sheet.group("Poses"):
        first, *others = (sheet.add("LoadImage", image=f"examples/{name}") for name in POSES)
        joined = first["IMAGE"]
        for other in others:
            joined = sheet.add("ImageBatch", image1=joined, image2=other["IMAGE"])[0]
        poses = sheet.add("PreviewImage", "Skeletons", images=joined)
    network = sheet.add("ControlNetLoader", control_net_name=NETWORK)
    held = sheet.add(
        "ControlNetApplyAdvanced", positive=begun.positive, negative=begun.negative, control_net=network, image=joined,
    )  # fmt: skip
    taught = begun._replace(model=subject["MODEL"])
    latent = empty(sheet, batch_size=len(POSES))
    asked = {"positive": held[0], "negative": held[1], "seed": Seed(2)}
    both = saved(sheet, taught, sampled(sheet, taught, latent, "Both", **asked), "The ghost where they stand")
    shown(sheet, taught, sampled(sheet, taught, latent, "LoRA alone", seed=Seed(2)), "Without the skeletons")
    shown(sheet, begun, sampled(sheet, begun, latent, "ControlNet alone", **asked), "Without the LoRA")
    sheet.thumbnail(poses, both)
