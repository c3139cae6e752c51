"""Picture files, made with PIL and read back, and the reverse."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.images.files import PictureError, encode_png, load_channel, load_picture

RANDOM = np.random.default_rng(0)


def noise(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


def test_colours_are_read_as_they_are(tmp_path):
    pixels = noise(5, 7, 3)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    images, mask = load_picture(tmp_path / "x.png")
    assert images.dtype == torch.float32
    np.testing.assert_allclose(images.numpy(), pixels[None] / 255, atol=1e-7)
    assert mask.shape == (1, 64, 64)
    assert not mask.any()


def test_alpha_becomes_the_inverse_mask_and_leaves_colours_alone(tmp_path):
    pixels = noise(5, 7, 4)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    images, mask = load_picture(tmp_path / "x.png")
    np.testing.assert_allclose(images.numpy()[0], pixels[..., :3] / 255, atol=1e-7)
    np.testing.assert_allclose(mask.numpy()[0], 1 - pixels[..., 3] / 255, atol=1e-6)


def test_a_transparent_palette_entry_is_masked(tmp_path):
    picture = Image.new("P", (4, 2))
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "x.png", transparency=1)
    images, mask = load_picture(tmp_path / "x.png")
    assert images[0, 0, 1].tolist() == [0, 0, 1]
    assert mask[0].tolist() == [[0, 1, 0, 0], [0, 0, 0, 0]]


def test_sixteen_bit_grey_keeps_its_brightness(tmp_path):
    values = np.array([[0, 257, 32768, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / "x.png")
    images, _ = load_picture(tmp_path / "x.png")
    assert images.shape == (1, 1, 4, 3)
    np.testing.assert_allclose(images[0, 0, :, 1].numpy(), values[0] / 65535, atol=1e-6)


def test_camera_orientation_is_applied(tmp_path):
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :40] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # shown upright when turned clockwise by 90 degrees
    Image.fromarray(pixels).save(tmp_path / "x.jpg", exif=exif, quality=95)
    images, _ = load_picture(tmp_path / "x.jpg")
    assert images.shape == (1, 80, 40, 3)
    assert images[0, :36].min() > 0.9
    assert images[0, 44:].max() < 0.1


def test_animations_become_batches(tmp_path):
    frames = [Image.fromarray(noise(6, 8, 3)) for _ in range(3)]
    frames[0].save(tmp_path / "x.webp", save_all=True, append_images=frames[1:], lossless=True)
    images, mask = load_picture(tmp_path / "x.webp")
    assert mask.shape[0] == 3
    np.testing.assert_allclose(images.numpy(), np.stack([np.asarray(frame) for frame in frames]) / 255, atol=1e-7)


@pytest.mark.parametrize(("channel", "index"), [("red", 0), ("green", 1), ("blue", 2), ("alpha", 3)])
def test_single_channels(tmp_path, channel, index):
    pixels = noise(3, 4, 4)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    expected = pixels[..., index] / 255
    if channel == "alpha":
        expected = 1 - expected
    np.testing.assert_allclose(load_channel(tmp_path / "x.png", channel).numpy()[0], expected, atol=1e-6)


def test_no_alpha_is_an_empty_mask(tmp_path):
    Image.fromarray(noise(3, 4, 3)).save(tmp_path / "x.png")
    assert load_channel(tmp_path / "x.png", "alpha").shape == (1, 64, 64)


def picture_bytes() -> bytes:
    file = io.BytesIO()
    Image.fromarray(noise(64, 64, 3)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (picture_bytes()[:40], "not a picture"),
        (picture_bytes()[:2000], "damaged"),
    ],
    ids=["empty", "svg", "no header", "cut off"],
)
def test_what_is_no_picture_is_named(tmp_path, content, complaint):
    (tmp_path / "cat.png").write_bytes(content)
    with pytest.raises(PictureError, match=rf"^cat\.png .*{complaint}"):
        load_picture(tmp_path / "cat.png")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_eight_bits_survive_saving_and_text_is_kept(channels):
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(channels, 2)
    text = {"prompt": '{"1": {}}', "workflow": '{"title": "雪"}'}
    content = encode_png(torch.from_numpy(pixels.astype(np.float32) / 255), text)
    picture = Image.open(io.BytesIO(content))
    np.testing.assert_array_equal(np.asarray(picture).reshape(16, 16, channels), pixels)
    assert picture.text == text


def test_values_out_of_range_are_cut():
    content = encode_png(torch.tensor([[[-1.0, 0.5, 2.0], [float("nan"), 0.999, 1.0]]]))
    assert np.asarray(Image.open(io.BytesIO(content))).tolist() == [[[0, 127, 255], [0, 254, 255]]]
