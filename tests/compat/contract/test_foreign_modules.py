"""The modules that packs import by ComfyUI's names: what there is of them, and what raises when it is used."""

import importlib
import sys
from fractions import Fraction

import pytest
import torch
from PIL import Image

import compat
from compat.execution.graph_building import GraphBuilder
from compat.host.stubs import NotSupportedError
from graph import context
from graph.testing import Recorder
from graph.values import Blocked


@pytest.fixture
def recorder(comfy_folders):
    """A node is being executed."""
    recorder = Recorder(comfy_folders, node_id="7")
    context.set_current(recorder)
    yield recorder
    context.set_current(None)


@pytest.mark.parametrize("name", compat.MODULES)
def test_each_module_is_there_under_its_name(extension, name):
    module = importlib.import_module(name)
    assert sys.modules[name] is module
    for public in module.__all__:
        assert hasattr(module, public), public


def test_names_that_packs_import_most(extension):
    import comfy_api.v0_0_2 as pinned
    from comfy.comfy_types.node_typing import IO, ComfyNodeABC, FileLocator, InputTypeDict
    from comfy_api.input import VideoInput
    from comfy_api.latest import InputImpl, Types, _io, io
    from comfy_execution.graph import ExecutionBlocker
    from comfy_execution.utils import get_executing_context

    assert pinned.io is io is _io
    assert issubclass(InputImpl.VideoFromFile, VideoInput)
    assert Types.VideoCodec.as_input() == ["auto", "h264"]
    assert ExecutionBlocker("no") == Blocked("no")
    assert (IO.ANY, ComfyNodeABC.__abstractmethods__) == ("*", {"INPUT_TYPES"})
    assert set(FileLocator.__annotations__) == {"filename", "subfolder", "type"}
    assert "required" in InputTypeDict.__annotations__
    assert get_executing_context() is None


def test_what_there_is_not_raises_when_it_is_used(extension, recorder):
    from comfy_api.latest import io, ui
    from comfy_api.torch_helpers import set_torch_compile_wrapper

    uses = [
        lambda: ui.PreviewAudio(None),
        lambda: ui.AudioSaveHelper.save_audio(None),
        lambda: set_torch_compile_wrapper(None, "inductor"),
        lambda: io.SomethingOfALaterVersion.Input("x"),
    ]
    for use in uses:
        with pytest.raises(NotImplementedError, match=r"is not supported by Safelight"):
            use()


def test_videos_are_written_and_read(extension, tmp_path):
    from comfy_api.latest import InputImpl, Types

    video = InputImpl.VideoFromComponents(Types.VideoComponents(torch.zeros(50, 16, 32, 3), Fraction(25)))
    assert (video.get_dimensions(), video.get_duration()) == ((32, 16), 2.0)
    path = tmp_path / "x.mp4"
    video.save_to(str(path), format=Types.VideoContainer.AUTO, codec=Types.VideoCodec.H264, metadata={"prompt": "{}"})
    read = InputImpl.VideoFromFile(str(path))
    components = read.get_components()
    assert components.images.shape == (50, 16, 32, 3)
    assert (components.frame_rate, components.metadata["prompt"]) == (25, "{}")


def test_ids_of_a_graph_begin_with_those_of_the_node_that_is_executed(recorder):
    prefixes = [GraphBuilder().prefix for _ in range(2)]
    recorder.index = 3
    assert [*prefixes, GraphBuilder().prefix] == ["7.0.0.", "7.0.1.", "7.3.2."]
    context.set_current(Recorder(recorder.folders, node_id="8"))
    assert GraphBuilder().prefix == "8.0.0."
    assert GraphBuilder.alloc_prefix("a", 1, 2) == "a.1.2."


def test_progress_goes_to_the_node_that_is_executed(extension, recorder):
    from comfy_api.latest import ComfyAPISync
    from comfy_execution.progress import get_progress_state
    from comfy_execution.utils import get_executing_context

    ComfyAPISync().execution.set_progress(1, 4, preview_image=Image.new("RGBA", (8, 8)))
    get_progress_state().update_progress("7", 2, 4, ("JPEG", Image.new("RGB", (64, 32)), 16))
    get_progress_state().update_progress("7", 3, 4, torch.zeros(1, 4, 4, 3))
    assert recorder.steps == [(1, 4), (2, 4), (3, 4)]
    assert [preview[:2] for preview in recorder.previews] == [b"\xff\xd8"] * 3
    assert get_executing_context().node_id == "7"


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("add_progress_handler", lambda progress: progress.add_progress_handler(progress.ProgressHandler("mine"))),
        ("ProgressRegistry.register_handler", lambda progress: progress.get_progress_state().register_handler(None)),
        ("ProgressRegistry.nodes", lambda progress: progress.get_progress_state().nodes),
        ("ProgressRegistry.prompt_id", lambda progress: progress.get_progress_state().prompt_id),
    ],
)
def test_what_nodes_cannot_learn_or_change_of_progress_says_so(extension, name, use):
    with pytest.raises(NotSupportedError, match=rf"comfy_execution\.progress\.{name} is not supported by Safelight"):
        use(importlib.import_module("comfy_execution.progress"))


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_animations_are_saved_with_their_frames_and_texts(extension, recorder, kind):
    from comfy_api.latest import io, ui

    class Node(io.ComfyNode):
        hidden = io.HiddenHolder({"prompt": {"1": "p"}, "extra_pnginfo": {"workflow": {"w": 1}}})

    frames = torch.rand(3, 8, 6, 3)
    if kind == "png":
        shown = ui.ImageSaveHelper.get_save_animated_png_ui(frames, "moving", Node, 10, 4)
    else:
        shown = ui.ImageSaveHelper.get_save_animated_webp_ui(frames, "moving", Node, 10, True, 80, 4)
    (saved,) = shown.as_dict()["images"]
    assert shown.as_dict()["animated"] == (True,)
    path = recorder.folders.output / saved["filename"]
    content = path.read_bytes()
    with Image.open(path) as picture:
        assert (picture.n_frames, picture.size) == (3, (6, 8))
        if kind == "webp":
            exif = picture.getexif()
            assert (exif[0x0110], exif[0x010F]) == ('prompt:{"1": "p"}', 'workflow:{"w": 1}')
    if kind == "png":
        assert b'comfprompt\0{"1": "p"}' in content
        assert content.index(b"IDAT") < content.index(b"comf")


def test_texts_are_left_out_if_the_user_does_not_want_them(extension, recorder):
    from comfy_api.latest import io, ui

    class Node(io.ComfyNode):
        hidden = io.HiddenHolder({"prompt": {"1": "secret"}})

    recorder.metadata = False
    shown = ui.PreviewMask(torch.zeros(4, 4), cls=Node)
    path = recorder.folders.temp / shown.values[0].filename
    assert b"secret" not in path.read_bytes()
    with Image.open(path) as picture:
        assert picture.size == (4, 4)


def test_pictures_can_be_saved_only_by_a_node_that_is_executed(extension):
    from comfy_api.latest import ui

    with pytest.raises(RuntimeError, match="only by a node that is being executed"):
        ui.PreviewImage(torch.zeros(1, 4, 4, 3))


def test_what_else_can_be_shown(extension):
    from comfy_api.latest import ui

    assert ui.PreviewText("x").as_dict() == {"text": ("x",)}
    assert ui.PreviewUI3D("a.glb").as_dict() == {"result": ["a.glb", None]}
    result = ui.SavedResult("a.mp4", "sub", "output")
    assert ui.PreviewVideo([result]).as_dict() == {
        "images": [{"filename": "a.mp4", "subfolder": "sub", "type": "output"}],
        "animated": (True,),
    }


def test_types_of_a_template_and_of_unions(extension):
    from comfy_api.latest import io

    template = io.MatchType.Template("t", [io.Image, io.Mask])
    assert io.MatchType.Input("x", template=template).get_io_type() == "IMAGE,MASK"
    assert io.MatchType.Output(template, display_name="y").get_io_type() == "IMAGE,MASK"
    assert io.MatchType.Input("x", io.MatchType.Template("any")).get_io_type() == "*"
    assert io.MultiType.Input("x", [io.Image, io.MultiType.Input("y", [io.Int])]).get_io_type() == "IMAGE,INT"
    upload = io.Combo.Input("x", options=[], upload=io.UploadType.image, image_folder=io.FolderType.output)
    assert upload.as_dict() == {"multiselect": False, "options": [], "image_upload": True, "image_folder": "output"}
    remote = io.Combo.Input("x", remote=io.RemoteOptions("/r", True, timeout=9)).as_dict()["remote"]
    assert remote == {"route": "/r", "refresh_button": True, "control_after_refresh": "first", "timeout": 9}


def test_a_schema_with_two_inputs_of_one_id_is_refused(extension):
    from comfy_api.latest import io

    class Twice(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Twice", inputs=[io.Int.Input("x"), io.Float.Input("x")])

    with pytest.raises(ValueError, match="several inputs with the id 'x'"):
        Twice.GET_SCHEMA()
