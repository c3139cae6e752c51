"""A pack by the second contract."""

from enum import Enum

import torch
from comfy_api.latest import ComfyAPISync, ComfyExtension, io, ui
from comfy_execution.graph_utils import GraphBuilder

calls = []
Paint = io.Custom("PAINT")


@io.comfytype(io_type="BRUSH")
class Brush(io.ComfyTypeIO):
    Type = dict


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"


class Draw(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SchemaDraw",
            display_name="Draw",
            category="test/schema",
            description="Draws.",
            inputs=[
                io.Int.Input("size", default=8, min=1, max=64, step=1, display_mode=io.NumberDisplay.slider),
                io.Combo.Input("mode", options=Mode, default="fast", tooltip="How."),
                io.MultiCombo.Input("tags", options=["x", "y"], default=["x"], placeholder="Tags"),
                io.MultiType.Input(io.Float.Input("level", default=0.5, optional=True), [io.Int, io.Mask]),
                Brush.Input("brush", optional=True),
                io.AnyType.Input("later", optional=True, lazy=True),
            ],
            outputs=[io.Image.Output(display_name="picture", tooltip="It."), Paint.Output("paint")],
            hidden=[io.Hidden.unique_id],
            is_experimental=True,
        )

    @classmethod
    def check_lazy_status(cls, size, later=None, **kwargs):
        return ["later"] if size > 16 and later is None else []

    @classmethod
    def execute(cls, size, mode, tags, level=0.5, brush=None, later=None) -> io.NodeOutput:
        calls.append((cls.hidden.unique_id, cls.hidden.prompt, size, mode, tags, level, later))
        return io.NodeOutput(torch.full((2, size, size, 3), float(level)), {"mode": mode})


class Keep(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SchemaKeep",
            inputs=[io.Image.Input("images"), io.String.Input("prefix", default="kept")],
            outputs=[],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, images, prefix):
        assert cls.hidden.prompt is not None
        assert cls.hidden.unique_id is None
        return io.NodeOutput(ui=ui.ImageSaveHelper.get_save_images_ui(images, prefix, cls=cls))


class Preview(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SchemaPreview", inputs=[io.Image.Input("images")], outputs=[io.Int.Output()], is_output_node=True
        )

    @classmethod
    def execute(cls, images):
        ComfyAPISync().execution.set_progress(1, 2, preview_image=images[0])
        return io.NodeOutput(len(images), ui=ui.PreviewImage(images, cls=cls))


class Stateful(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="SchemaStateful", inputs=[io.Int.Input("value")], outputs=[io.Int.Output()])

    @classmethod
    def execute(cls, value):
        cls.last = value
        return io.NodeOutput(value)


class Checked(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SchemaChecked",
            inputs=[io.Int.Input("value"), io.String.Input("text", multiline=True, dynamic_prompts=True)],
            outputs=[io.Int.Output("value"), io.String.Output()],
            is_input_list=True,
        )

    @classmethod
    def validate_inputs(cls, value):
        return value[0] != 3 or "Not 3."

    @classmethod
    def fingerprint_inputs(cls, **inputs):
        return float("nan")

    @classmethod
    async def execute(cls, value, text):
        calls.append(("Checked", value, text))
        return (sum(value), "".join(text))


class Grow(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="SchemaGrow",
            inputs=[io.Int.Input("value"), io.Boolean.Input("block", default=False)],
            outputs=[io.Int.Output(), io.Int.Output("list", is_output_list=True)],
            enable_expand=True,
        )

    @classmethod
    def execute(cls, value, block):
        if block:
            return io.NodeOutput(block_execution="Not today.")
        graph = GraphBuilder()
        inner = graph.node("SchemaStateless", value=value)
        return io.NodeOutput(inner.out(0), [1, 2], expand=graph.finalize())


class Stateless(Stateful):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="SchemaStateless", inputs=[io.Int.Input("value")], outputs=[io.Int.Output()])

    @classmethod
    def execute(cls, value):
        return {"result": (value + 1,), "ui": {"text": [str(value)]}}


class Unready(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="SchemaUnready", inputs=[io.NotThere.Input("x")], outputs=[])


class Dynamic(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        numbers = io.Autogrow.TemplatePrefix(io.Int.Input("number", lazy=True), prefix="number", min=1, max=50)
        named = io.Autogrow.TemplateNames(io.String.Input("text", default="-"), names=["left", "right"], min=0)
        return io.Schema(
            node_id="SchemaDynamic",
            inputs=[
                io.Autogrow.Input("numbers", template=numbers),
                io.DynamicCombo.Input(
                    "model",
                    options=[
                        io.DynamicCombo.Option("small", []),
                        io.DynamicCombo.Option("large", [io.Int.Input("steps"), io.Autogrow.Input("texts", named)]),
                    ],
                ),
            ],
            outputs=[io.String.Output()],
        )

    @classmethod
    def check_lazy_status(cls, numbers, model):
        return [f"numbers.{name}" for name, value in numbers.items() if value is None]

    @classmethod
    def validate_inputs(cls, model):
        return model.get("steps") != 13 or "The model refuses 13 steps."

    @classmethod
    def fingerprint_inputs(cls, numbers, model):
        calls.append((numbers, model))
        return 1

    @classmethod
    def execute(cls, numbers: io.Autogrow.Type, model: io.DynamicCombo.Type):
        return io.NodeOutput(f"{numbers} {model}")


class Extension(ComfyExtension):
    async def on_load(self):
        calls.append("loaded")

    async def get_node_list(self):
        return [Draw, Keep, Preview, Stateful, Checked, Grow, Stateless, Dynamic, Unready]


async def comfy_entrypoint():
    return Extension()
