"""Annotators with networks of random weights, against what the packages make of the same files by themselves."""

import socket
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from diffusion.annotators.lines import scribble_of_edges
from diffusion.annotators.networks import quiet
from diffusion.annotators.registry import ANNOTATORS, find
from diffusion.annotators.segmentation import painted
from diffusion.residency import residency
from diffusion.weights import WeightsError, save_weights

with quiet():
    from controlnet_aux import HEDdetector, LineartDetector, MLSDdetector, PidiNetDetector, TEEDdetector
    from controlnet_aux.hed import ControlNetHED_Apache2
    from controlnet_aux.lineart import Generator
    from controlnet_aux.mlsd import MobileV2_MLSD_Large
    from controlnet_aux.open_pose.model import bodypose_model
    from controlnet_aux.pidi.model import pidinet
    from controlnet_aux.teed.ted import TED
    from controlnet_aux.util import ade_palette
    from transformers import SegformerConfig, SegformerForSemanticSegmentation, SegformerImageProcessor

SIDES = (64, 128)
MEAN, DEVIATION = (torch.tensor(v).view(1, 3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
PICTURE = np.random.default_rng(0).integers(0, 256, (*SIDES, 3), dtype=np.uint8)
IMAGES = torch.from_numpy(PICTURE).float()[None] / 255


def drawn(name: str, folder: Path, **options) -> np.ndarray:
    result = find(name).annotate(IMAGES, folders=[folder / "elsewhere", folder], resolution=0, **options)
    return (result[0] * 255).round().to(torch.uint8).numpy()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("annotators")
    torch.manual_seed(0)
    torch.save(ControlNetHED_Apache2().state_dict(), folder / "ControlNetHED.pth")
    trained = {f"module.{name}": tensor for name, tensor in pidinet().state_dict().items()}
    torch.save({"state_dict": trained}, folder / "table5_pidinet.pth")
    torch.save(TED().state_dict(), folder / "7_model.pth")
    torch.save(MobileV2_MLSD_Large().state_dict(), folder / "mlsd_large_512_fp32.pth")
    for name in ("sk_model.pth", "sk_model2.pth"):
        torch.save(Generator(3, 1, 3).state_dict(), folder / name)
    return folder


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch):
    def connect(*_arguments):
        raise AssertionError("something was to be fetched")

    monkeypatch.setattr(socket.socket, "connect", connect)


def test_soft_edges_of_hed(folder):
    detector = HEDdetector.from_pretrained(folder)
    for name, safe in (("hed", False), ("hed_safe", True)):
        expected = detector(PICTURE, 64, 64, safe=safe, output_type="np")
        assert np.ptp(expected)
        assert (drawn(name, folder) == expected).all()


def test_safe_edges_have_three_levels(folder):
    assert set(np.unique(drawn("hed_safe", folder))) <= {0, 127, 255}


def test_soft_edges_of_pidinet(folder):
    detector = PidiNetDetector.from_pretrained(folder)
    assert (drawn("pidinet", folder) == detector(PICTURE, 64, 64, output_type="np")).all()
    assert (drawn("pidinet_safe", folder) == detector(PICTURE, 64, 64, safe=True, output_type="np")).all()


def test_scribbles_along_soft_edges():
    """The package draws them from the answers of a network, which are soft random shapes here."""
    shapes = torch.from_numpy(np.random.default_rng(1).normal(0, 8, (1, 1, 5, 9)))

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, _picture: torch.Tensor) -> list[torch.Tensor]:
            return [torch.nn.functional.interpolate(shapes, SIDES, mode="bicubic")]

    detector = HEDdetector(Network())
    expected = detector(PICTURE, 64, 64, scribble=True, output_type="np")
    assert 0 < expected.mean() < 255
    scribble = scribble_of_edges(detector(PICTURE, 64, 64, output_type="np"))
    assert (scribble == expected[..., 0]).all()


def test_edges_of_teed(folder):
    detector = TEEDdetector.from_pretrained(folder, "7_model.pth")
    detector.model.eval()
    for steps in (0, 2):
        expected = detector(PICTURE, 64, safe_steps=steps, output_type="np")
        assert (drawn("teed", folder, safe_steps=steps) == expected).all()


def test_line_art_fine_and_coarse_are_two_networks(folder):
    detector = LineartDetector.from_pretrained(folder)
    for name, coarse in (("lineart", False), ("lineart_coarse", True)):
        expected = detector(PICTURE, coarse, 64, 64, output_type="np")
        assert np.abs(drawn(name, folder).astype(int) - expected).max() <= 1


def test_line_art_of_a_white_picture_is_black_where_the_network_paints_white(tmp_path):
    """The network paints dark lines on white paper, and control networks want the negative."""
    network = Generator(3, 1, 3)
    state = {name: torch.zeros_like(tensor) for name, tensor in network.state_dict().items()}
    last = max(name for name in state if name.startswith("model4") and name.endswith("bias"))
    state[last] = torch.full_like(state[last], 20.0)
    torch.save(state, tmp_path / "sk_model.pth")
    assert drawn("lineart", tmp_path).max() == 0


def test_straight_lines_of_mlsd(folder):
    detector = MLSDdetector.from_pretrained(folder)
    for score in (0.1, 0.9):
        expected = detector(PICTURE, score, 0.1, 64, 64, output_type="np")
        assert (drawn("mlsd", folder, score=score) == expected).all()


def test_poses_are_looked_for_by_the_networks_that_are_there(tmp_path):
    """A network of zeros sees nobody; which files are needed depends on what is to be drawn."""
    state = bodypose_model().state_dict()
    zeros = {name.partition(".")[2]: torch.zeros_like(tensor) for name, tensor in state.items()}
    torch.save(zeros, tmp_path / "body_pose_model.pth")
    assert not drawn("openpose", tmp_path).any()
    wanted = r"annotators: hand_pose_model\.pth and facenet\.pth\. Put"
    with pytest.raises(WeightsError, match=wanted):
        drawn("openpose_full", tmp_path)


def tiny_depth_anything() -> DepthAnythingForDepthEstimation:
    backbone = Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=70,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
    )
    torch.manual_seed(0)
    return DepthAnythingForDepthEstimation(config).eval()


def test_depth_anything_from_a_folder(tmp_path):
    """The network asked directly, with ImageNet's colours and sides of whole patches of 14 pixels."""
    network = tiny_depth_anything()
    network.save_pretrained(tmp_path / "Depth-Anything-V2-Small-hf")
    result = drawn("depth_anything_v2", tmp_path)
    pixels = torch.nn.functional.interpolate((IMAGES.movedim(-1, 1) - MEAN) / DEVIATION, (70, 126), mode="bicubic")
    with torch.no_grad():
        depth = network(pixel_values=pixels).predicted_depth
    depth = torch.nn.functional.interpolate(depth[None], SIDES, mode="bicubic")[0, 0]
    expected = ((depth - depth.min()) / (depth.max() - depth.min()) * 255).numpy()
    assert np.abs(result[..., 0] - expected).max() <= 1
    assert {int(result.min()), int(result.max())} == {0, 255}


def small_segmenter(kinds: int) -> SegformerForSemanticSegmentation:
    torch.manual_seed(0)
    sizes = {"hidden_sizes": [8] * 4, "num_attention_heads": [1] * 4, "depths": [1] * 4, "decoder_hidden_size": 8}
    return SegformerForSemanticSegmentation(SegformerConfig(num_labels=kinds, **sizes)).eval()


def test_segments_by_kind_are_those_of_transformers_in_the_colours_of_ade20k(tmp_path):
    network = small_segmenter(150)
    torch.nn.init.normal_(network.decode_head.classifier.weight)
    network.save_pretrained(tmp_path / "ade20k")
    with torch.no_grad():
        answer = network(pixel_values=(IMAGES.movedim(-1, 1) - MEAN) / DEVIATION)
    [kinds] = SegformerImageProcessor().post_process_semantic_segmentation(answer, [SIDES])
    assert len(kinds.unique()) > 2
    result = drawn("segmentation_ade20k", tmp_path)
    colours = {0: (120, 120, 120), 1: (180, 120, 120), 2: (6, 230, 230), 149: (92, 0, 255)}  # wall, building, sky, flag
    palette = np.array(ade_palette())
    assert {kind: tuple(palette[kind]) for kind in colours} == colours
    assert (result == palette[kinds.numpy()]).mean() > 0.999  # of rounding
    small_segmenter(19).save_pretrained(tmp_path / "ade20k")
    with pytest.raises(WeightsError, match="tells 19 kinds of things apart, and ADE20K has 150"):
        drawn("segmentation_ade20k", tmp_path)


def test_segments_are_painted_in_the_same_colours_each_time_small_ones_on_top():
    masks = [np.zeros((8, 8), bool) for _ in range(2)]
    masks[0][2:4, 2:4] = True
    masks[1][:6, :6] = True
    picture = painted(masks, 8, 8)
    assert (painted(masks[::-1], 8, 8) == picture).all()
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 3
    assert (picture[2, 2] != picture[0, 0]).any()
    assert not picture[6:].any()


def test_a_safetensors_file_under_the_name_of_a_pickle(folder, tmp_path):
    """Converted files are often only renamed."""
    state = torch.load(folder / "table5_pidinet.pth", weights_only=True)["state_dict"]
    save_weights(tmp_path / "table5_pidinet.pth", state)
    assert (drawn("pidinet", tmp_path) == drawn("pidinet", folder)).all()


def test_networks_count_as_models_in_memory_and_can_be_dropped(folder):
    drawn("hed", folder)
    drawn("hed_safe", folder)
    named = [part for part in residency.resident() if part.name == "ControlNetHED.pth: preprocessor"]
    assert len(named) == 1
    residency.free()
    assert not named[0].resident
    drawn("hed", folder)
    assert named[0].resident


def test_a_file_that_was_replaced_is_read_again(folder, tmp_path):
    file = tmp_path / "table5_pidinet.pth"
    file.write_bytes((folder / "table5_pidinet.pth").read_bytes())
    first = drawn("pidinet", tmp_path)
    torch.manual_seed(5)
    state = {name: 3 * tensor for name, tensor in pidinet().state_dict().items()}
    torch.save(state, file)
    assert (drawn("pidinet", tmp_path) != first).any()


@pytest.mark.parametrize("content", [b"", b"<!doctype html>", b"PK\x03\x04 cut off"])
def test_a_file_that_cannot_be_read(content, tmp_path):
    (tmp_path / "ControlNetHED.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=r"ControlNetHED\.pth"):
        drawn("hed", tmp_path)


def test_a_file_with_other_weights(tmp_path):
    torch.save({"weight": torch.zeros(3)}, tmp_path / "ControlNetHED.pth")
    with pytest.raises(WeightsError, match=r"ControlNetHED\.pth holds other weights than this preprocessor needs"):
        drawn("hed", tmp_path)


def test_nothing_is_printed_or_warned(folder, capfd):
    residency.free()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ANNOTATORS["teed"].annotate(IMAGES, folders=[folder])
    assert capfd.readouterr().out == ""
