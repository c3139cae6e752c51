"""Templates that turn pictures into words."""

from tools.templates.samples import empty, sampled, saved, start
from tools.templates.sheet import Seed, Sheet
from tools.templates.template import Text, template

TAGGER = "pocket_tagger.safetensors"


@template(
    title=Text("Interrogate, then regenerate", "反推后重新生成"),
    about=Text(
        "A picture is described in words, and painted anew from the words alone. Choose a picture of your own, or "
        "change the seed. For pictures of a large model, put Interrogate (WD14), or another node of its kind, in place "
        "of the tagger of the embedded world.",
        "先用文字描述一张图片，再只按这些文字重新画。可以选择自己的图片，或更换种子。对大模型的图片，把内置小世界的标签器换成"
        "“反推（WD14）”等节点。",
    ),
    category="interrogation",
    tags=("interrogate", "tagger", "prompt"),
)
def interrogate_regenerate(sheet: Sheet) -> None:
    """A shipped picture, its caption, and what the caption gives."""
    picture = sheet.add("LoadImage", image="examples/cat.png")
    told = sheet.add("Interrogate", image=picture, tagger=TAGGER)
    sheet.add("ShowTable", "Scores of all words", text=told["scores"])
    begun = start(sheet, told["text"])
    painted = saved(sheet, begun, sampled(sheet, begun, empty(sheet), seed=Seed(4, "randomize")))
    before = sheet.add("PreviewImage", "What was described", images=picture)
    sheet.thumbnail(painted, before, form="inset")


@template(
    title=Text("Caption a folder", "描述文件夹"),
    about=Text(
        "A text file is written beside each picture of a folder that says what it shows, as training reads it. Put "
        "your pictures into a folder inside the input folder and name it; a trigger word goes into prefix. Set "
        "existing to skip to keep captions that you have corrected.",
        "为文件夹里的每张图片写一个文本文件，说明图片内容，供训练读取。把图片放进输入文件夹下的某个文件夹并填上它的名称；触发词"
        "写在前缀里。把“已有的描述”设为 skip 就会保留你改过的描述。",
    ),
    category="interrogation",
    tags=("interrogate", "dataset", "captions"),
)
def caption_folder(sheet: Sheet) -> None:
    """The shipped example pictures, captioned."""
    writer = sheet.add("Interrogate", "What writes the captions", tagger=TAGGER)
    sheet.add("CaptionFolder", captioner=writer["captioner"], folder_name="examples", existing="overwrite")
    pictures = sheet.add("FolderPictures", folder_name="examples", count=4)
    sheet.thumbnail(sheet.add("PreviewImage", "Some of the pictures", images=pictures))
