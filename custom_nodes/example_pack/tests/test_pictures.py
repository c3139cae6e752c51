import numpy as np
import pytest
import torch


def test_a_vignette_darkens_the_corners_alone(run_node):
    image = torch.rand(2, 33, 65, 3)
    dark = run_node("Vignette", image=image, strength=0.75, start=0.5)
    assert dark.shape == image.shape
    torch.testing.assert_close(dark[:, 16, 32], image[:, 16, 32])
    torch.testing.assert_close(dark[:, 0, 0], image[:, 0, 0] * 0.25)
    assert (dark <= image).all()


def test_a_vignette_follows_its_formula_and_keeps_alpha(run_node):
    image = torch.rand(1, 9, 12, 4)
    y, x = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 12), indexing="ij")
    t = np.clip((np.hypot(x, y) / np.sqrt(2) - 0.2) / 0.8, 0, 1)
    expected = image.numpy().copy()
    expected[..., :3] *= (1 - 0.6 * t * t * (3 - 2 * t))[None, :, :, None]
    vignette = run_node("Vignette", image=image, strength=0.6, start=0.2)
    np.testing.assert_allclose(vignette.numpy(), expected, atol=1e-6)


def test_a_vignette_of_one_pixel_is_the_pixel(run_node):
    image = torch.rand(1, 1, 1, 3)
    torch.testing.assert_close(run_node("Vignette", image=image, strength=1.0, start=0.4), image)


@pytest.mark.parametrize(("angle", "white"), [(0, (0, -1)), (90, (0, 0)), (180, (0, 0)), (45, (0, -1)), (270, (-1, 0))])
def test_a_gradient_is_white_where_its_angle_points(run_node, angle, white):
    image = run_node("ExampleGradient", width=9, height=7, angle=angle)
    assert image.shape == (1, 7, 9, 3)
    assert image[0][white].tolist() == pytest.approx([1, 1, 1], abs=1e-6)
    assert float(image.min()) == pytest.approx(0, abs=1e-6)
    assert float(image.mean()) == pytest.approx(0.5, abs=1e-6)


def test_pictures_and_masks_are_flipped_and_nothing_else_is_taken(run_node, bench):
    image = torch.rand(2, 3, 4, 3)
    assert torch.equal(run_node("ExampleFlip", value=image), image.flip(2))
    mask = torch.rand(2, 3, 4)
    assert torch.equal(run_node("ExampleFlip", value=mask, direction="upside down"), mask.flip(1))
    assert bench.registry.specs["ExampleFlip"].inputs[0].type == "IMAGE,MASK"


def test_a_repeated_vignette_is_a_graph_of_vignettes(run_node, pack, bench):
    image = torch.rand(1, 16, 16, 3)
    expected = image
    for _ in range(3):
        expected = pack.vignette(expected, strength=0.2)
    torch.testing.assert_close(run_node("ExampleRepeatedVignette", image=image, times=3), expected)
    assert len([id for id in bench.ran if id.startswith("1.")]) == 3
    assert run_node("ExampleRepeatedVignette", image=image, times=0) is image


def test_the_graph_that_a_node_gives_is_run_once(run_graph, bench):
    graph = {
        "1": {"class_type": "ExampleGradient", "inputs": {"width": 8, "height": 8, "angle": 30}},
        "2": {"class_type": "ExampleRepeatedVignette", "inputs": {"image": ["1", 0], "times": 3}},
    }
    run_graph(graph)
    assert len(bench.ran) == 5
    run_graph(graph)
    assert bench.ran == []
