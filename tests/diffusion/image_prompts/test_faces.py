"""IP-Adapters for faces against diffusers, and the networks that describe faces, as tiny ONNX files."""

import cv2
import numpy as np
import pytest
import torch

from diffusion.image_prompts import faces
from diffusion.image_prompts.faces import aligned, encode_faces
from diffusion.image_prompts.ip_adapter import Use, load_ip_adapter, with_face
from diffusion.image_prompts.vision import EncodedPicture
from diffusion.weights import WeightsError
from tests.diffusion.image_prompts.test_ip_adapter import STATES, WIDTH, attention, expected, plus
from tests.diffusion.image_prompts.test_ip_adapter import call as call
from tests.diffusion.interrogation.onnx_writer import write_constants, write_layer

NUMBERS = 16  # that describe a face
TOKENS = 4


def identity() -> dict[str, torch.Tensor]:
    """The projection of faces."""
    sizes = {"proj.0.weight": (2 * NUMBERS, NUMBERS), "proj.0.bias": (2 * NUMBERS,)}
    sizes |= {"proj.2.weight": (TOKENS * WIDTH, 2 * NUMBERS), "proj.2.bias": (TOKENS * WIDTH,)}
    sizes |= {"norm.weight": (WIDTH,), "norm.bias": (WIDTH,)}
    return {name: torch.randn(size) / 4 for name, size in sizes.items()}


def with_look() -> dict[str, torch.Tensor]:
    """That of faces and of what CLIP sees in them; its own width is that of the prompts."""
    perceiver = {name: tensor for name, tensor in plus(WIDTH).items() if name != "latents"}
    return identity() | {f"perceiver_resampler.{name}": tensor for name, tensor in perceiver.items()}


def loras(unet: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Matrices of rank 2 for each attention layer, numbered by diffusers' own list."""
    found = {}
    for number, name in enumerate(unet.attn_processors):
        layer = unet.get_submodule(name.removesuffix(".processor"))
        for part, module in (("q", layer.to_q), ("k", layer.to_k), ("v", layer.to_v), ("out", layer.to_out[0])):
            rows, columns = module.weight.shape
            found[f"{number}.to_{part}_lora.up.weight"] = torch.randn(rows, 2) / 8
            found[f"{number}.to_{part}_lora.down.weight"] = torch.randn(2, columns) / 8
    return found


def add_loras(unet: torch.nn.Module, tensors: dict[str, torch.Tensor], strength: float) -> None:
    """The layers as the published training code computes them: beside each, the product of its matrices."""
    for number, name in enumerate(unet.attn_processors):
        layer = unet.get_submodule(name.removesuffix(".processor"))
        for part, module in (("q", layer.to_q), ("k", layer.to_k), ("v", layer.to_v), ("out", layer.to_out[0])):
            up, down = (tensors[f"{number}.to_{part}_lora.{half}.weight"] for half in ("up", "down"))
            module.weight.data += strength * up @ down


@pytest.fixture
def person() -> tuple[torch.Tensor, EncodedPicture]:
    torch.manual_seed(4)
    states = torch.randn(2, 5, STATES)
    return torch.randn(1, NUMBERS), EncodedPicture(torch.randn(1, 8), states[:1] * 2, states[:1], states[1:])


@pytest.mark.parametrize("kind", ["faceid", "faceid-plus", "faceid-plusv2"])
def test_the_prediction_is_that_of_diffusers(tiny, tmp_path, call, person, kind):
    torch.manual_seed(1)
    face, picture = person
    unet = tiny.model.source.network()
    tensors = {"image_proj": identity() if kind == "faceid" else with_look(), "ip_adapter": attention(unet)}
    extra = loras(unet)
    path = tmp_path / f"{kind}.bin"
    torch.save({**tensors, "ip_adapter": tensors["ip_adapter"] | extra}, path)
    look = None if kind == "faceid" else picture
    model = with_face(tiny.model, load_ip_adapter(path), face, look, Use(0.7), likeness=0.5, lora_strength=0.6)
    with model.loaded() as network:
        found = network(call)
    add_loras(unet, extra, 0.6)
    unet._load_ip_adapter_weights([tensors], low_cpu_mem_usage=False)
    projection = unet.encoder_hid_proj.image_projection_layers[0]
    projection.clip_embeds = torch.stack([picture.blank, picture.penultimate_hidden_states])
    projection.shortcut, projection.shortcut_scale = kind == "faceid-plusv2", 0.5
    unet._load_ip_adapter_weights = lambda *_arguments, **_options: None  # it is loaded
    embeds = torch.stack([torch.zeros_like(face), face])
    torch.testing.assert_close(found, expected(unet, tensors, embeds, call, 0.7), atol=1e-4, rtol=1e-4)


def test_what_does_not_belong_together_is_refused(tiny, tmp_path, person):
    torch.manual_seed(1)
    face, picture = person
    layers = attention(tiny.model.source.network())

    def refused(projection, match, *, described=face, seen=picture, more=None):
        torch.save({"image_proj": projection, "ip_adapter": layers | (more or {})}, tmp_path / "a.bin")
        with pytest.raises(WeightsError, match=match):
            with_face(tiny.model, load_ip_adapter(tmp_path / "a.bin"), described, seen)

    refused(plus(), "apply it with IPAdapterApply")
    refused(identity(), "reads 16 numbers of a face, and the recogniser gives 9", described=torch.zeros(1, 9))
    refused(with_look(), "there are 1 faces and 0 encoded pictures", seen=None)
    refused(with_look(), "there are 2 faces and 1 encoded pictures", described=face.expand(2, -1))
    wrong = {f"0.to_q_lora.{half}.weight": torch.zeros(2, 2) for half in ("up", "down")}
    refused(identity(), "another family", more=wrong)


def write_detector(folder, *answers: tuple[float, int, int, float]) -> None:
    """answers: score, column and row of a cell of 32 pixels, and half of the box's side in cells.

    The five points are at the cell's centre and 0.5 cells from it.
    """
    scores = [np.zeros((2 * (640 // stride) ** 2, 1)) for stride in (8, 16, 32)]
    sides, points = ([np.zeros((len(each), width)) for each in scores] for width in (4, 10))
    for score, column, row, half in answers:
        at = 2 * (20 * row + column) + 1  # the second of the cell's two
        scores[2][at], sides[2][at] = score, half
        points[2][at] = [-0.5, -0.5, 0.5, -0.5, 0, 0, -0.5, 0.5, 0.5, 0.5]
    write_constants(folder / "det_10g.onnx", (1, 3, "height", "width"), *scores, *sides, *points)


def test_the_largest_face_is_turned_to_the_template_and_described(tmp_path):
    write_detector(tmp_path, (0.9, 5, 5, 1.0), (0.6, 10, 5, 2.0), (0.55, 10, 6, 2.0), (0.4, 15, 15, 4.0))
    random = np.random.default_rng(0)
    weight, bias = random.normal(0, 0.02, (3 * 112 * 112, NUMBERS)), random.normal(size=NUMBERS)
    write_layer(tmp_path / "w600k_r50.onnx", (1, 3, 112, 112), weight, bias)
    image = torch.from_numpy(random.random((1, 300, 480, 3), np.float32))  # seen at 4/3 of its size
    embedding, crops = encode_faces(image, [tmp_path])
    # The face is at column 10 and row 5 of cells, of 32 pixels at that size.
    centre, half = np.array([320.0, 160.0]) * 0.75, 16 * 0.75
    points = centre + half * np.array([[-1, -1], [1, -1], [0, 0], [-1, 1], [1, 1]])
    levels = (image[0].numpy() * 255).round().astype(np.uint8)
    crop = aligned(levels, points.astype(np.float32), 112)
    pixels = (crop.astype(np.float32) - 127.5) / 127.5
    told = 1 / (1 + np.exp(-(pixels.transpose(2, 0, 1).reshape(-1) @ weight + bias)))
    assert embedding[0].numpy() == pytest.approx(told / np.linalg.norm(told), abs=1e-4)
    assert crops.shape == (1, 224, 224, 3)


def test_points_of_a_turned_face_come_to_lie_on_the_template():
    turn = np.array([[0.0, 1.5], [-1.5, 0.0]])  # a quarter turn, 1.5 times as large
    points = (faces.TEMPLATE @ turn.T + [20, 240]).astype(np.float32)
    picture = np.zeros((260, 260, 3), np.uint8)
    for point in points:
        cv2.circle(picture, [round(float(value)) for value in point], 5, (255, 255, 255), -1)
    square = aligned(picture, points, 224)
    for x, y in 2 * faces.TEMPLATE:
        assert square[round(float(y)), round(float(x))].min() > 200
    assert (square > 127).mean() < 0.05


def test_a_picture_without_a_face_and_missing_networks(tmp_path):
    with pytest.raises(WeightsError, match=r"annotators: det_10g\.onnx and w600k_r50\.onnx\. Put"):
        encode_faces(torch.zeros(1, 8, 8, 3), [tmp_path])
    (tmp_path / "w600k_r50.onnx").write_bytes(b"no network")
    write_detector(tmp_path)
    with pytest.raises(WeightsError, match=r"w600k_r50\.onnx is no ONNX network"):
        encode_faces(torch.zeros(1, 8, 8, 3), [tmp_path])


@pytest.mark.parametrize("sees", [384, 7])
def test_a_face_is_looked_for_in_smaller_pictures_too(sees):
    """Only in squares of one size does this network see a face, in its first cell of 32 pixels."""
    seen = []

    def detect(pixels):
        side = pixels.shape[2]
        seen.append(side)
        outputs = [np.zeros((2 * (side // stride) ** 2, n), np.float32) for n in (1, 4, 10) for stride in (8, 16, 32)]
        if side == sees:
            outputs[2][0], outputs[5][0], outputs[8][0] = 1, 1, 3
        return outputs

    points = faces.largest_face(detect, np.zeros((96, 192, 3), np.uint8))
    if sees == 384:
        assert seen == [640, 512, 384]
        assert points == pytest.approx(np.full((5, 2), 3 * 32 / 2))  # the picture is seen at twice its size
    else:
        assert seen == [640, 512, 384, 256]
        assert points is None
