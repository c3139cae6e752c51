"""Templates of video, and of what pictures say of their making."""

from tools.templates.samples import empty as empty_latent
from tools.templates.samples import sampled, start
from tools.templates.sheet import Sheet
from tools.templates.template import Text, template

CLIP = "examples/moving-house.mp4"


@template(
    title=Text("ControlNet on video", "视频 ControlNet"),
    about=Text(
        "Each frame of a clip is painted anew, held to its own edges. With a fixed seed it flickers least; mixing in "
        "the last result makes it steadier still, and what moves lags behind. Choose a clip of your own, take more "
        "of its frames, and lower denoise to keep more of them. The number says how much it flickers.",
        "把短片的每一帧按其边缘重新绘制。固定种子时闪烁最少；混入上一帧的结果会更稳定，但运动的内容会滞后。可以换成自己的短片、"
        "取更多帧，或降低去噪强度以保留更多原内容。结果旁边的数字表示闪烁程度。",
    ),
    category="video",
    tags=("m2m", "controlnet", "video", "frames"),
)
def controlnet_video(sheet: Sheet) -> None:
    """Frames, their edges, and a picture of each."""
    begun = start(sheet, "a blue house on a pink background, 3d style")
    clip = sheet.add("LoadVideoFrames", file=CLIP, frame_count=4, every_nth=3)
    edges = sheet.add("CannyEdges", image=clip["images"], low_threshold=100, high_threshold=200, resolution=0)
    network = sheet.add("ControlNetLoader", control_net_name="pocket_canny.safetensors")
    made = sheet.add(
        "RemakeFrames", model=begun.model, vae=begun.vae, positive=begun.positive, negative=begun.negative,
        frames=clip["images"], control_net=network, control_images=edges, seed=3, steps=6, cfg=2.5,
        sampler_name="dpmpp_2m", scheduler="karras", denoise=1.0,
    )  # fmt: skip
    saved = sheet.add("SaveAnimation", images=made, fps=clip["fps"], format="webp", quality=90)
    sheet.add("MeasureFlicker", frames=made, source=clip["images"])
    sheet.thumbnail(saved)


@template(
    title=Text("Video to frames and back", "视频与帧互转"),
    about=Text(
        "A clip becomes a batch of frames, which any node can change, and the frames become a clip again at the same "
        "rate. Put nodes for pictures between the two, and choose another format to save in.",
        "把短片变成一批帧，任何节点都可以修改，然后以相同帧率变回短片。可以在两者之间加入处理图片的节点，或另选保存格式。",
    ),
    category="video",
    tags=("video", "frames", "gif", "webm"),
)
def video_frames(sheet: Sheet) -> None:
    """A clip, changed and saved."""
    clip = sheet.add("LoadVideo", file=CLIP)
    frames = sheet.add("GetVideoComponents", video=clip, first_frame=0, every_nth=2)
    inverted = sheet.add("ImageInvert", image=frames["images"])
    saved = sheet.add("SaveAnimation", images=inverted, fps=frames["fps"], format="webp", quality=90)
    sheet.thumbnail(saved)


@template(
    title=Text("Save and read parameters", "保存与读取生成参数"),
    about=Text(
        "A picture is saved with the parameters that Stable Diffusion WebUI and sites for pictures read. Drop such a "
        "picture, also one of another program, on the canvas to get its workflow; PNG Info shows what a picture says.",
        "保存图片时写入 Stable Diffusion WebUI 和图片网站能读的生成参数。把这样的图片（也可以来自其他程序）拖到画布上"
        "即可得到工作流；“PNG 信息”显示图片中写了什么。",
    ),
    category="pictures",
    tags=("png info", "a1111", "metadata", "parameters"),
)
def png_info(sheet: Sheet) -> None:
    """A picture that says how it was made."""
    begun = start(sheet, "a large yellow star on a purple background, 3d style")
    latent = sampled(sheet, begun, empty_latent(sheet))
    picture = sheet.add("VAEDecode", samples=latent, vae=begun.vae)
    saved = sheet.add("SaveImageWithParameters", images=picture)
    sheet.add("PNGInfo", "What a picture says", image="examples/cat.png")
    sheet.thumbnail(saved)
