"""Folders of pictures, real files, and what is said about them."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageStat

from diffusion.training.buckets import Buckets
from diffusion.training.pictures import DatasetError, ReadingRules, findings, read_folder, thumbnail

BUCKETS = Buckets((64, 64), step=8, low=32, high=128)


def draw(path: Path, size: tuple[int, int] = (64, 64), seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.random.default_rng(seed).integers(0, 255, (8, 9), np.uint8)
    Image.fromarray(grey).resize(size, Image.Resampling.NEAREST).convert("RGB").save(path)


def test_a_plain_folder_gives_its_pictures_with_their_captions(tmp_path):
    folder = tmp_path / "ghost"
    draw(folder / "b.png", seed=1)
    draw(folder / "a.jpg", (80, 40), seed=2)
    (folder / "a.txt").write_text("a ghost,\n on grass \n", "utf-8")
    (folder / "notes.md").write_text("no picture")
    dataset = read_folder(folder, ReadingRules(repeats=3))
    assert [(each.name, each.caption, each.concept, each.size) for each in dataset.pictures] == [
        ("a.jpg", "a ghost, on grass", "ghost", (80, 40)),
        ("b.png", "ghost", "ghost", (64, 64)),
    ]
    assert dataset.per_epoch == 6


def test_folders_say_how_often_their_pictures_come(tmp_path):
    for name, seed in (("10_red cat/1.png", 1), ("2_dog/1.webp", 2), ("2_dog/2.png", 3), ("0.png", 4)):
        draw(tmp_path / name, seed=seed)
    dataset = read_folder(tmp_path, ReadingRules("an animal"))
    assert [(each.name, each.repeats, each.concept) for each in dataset.pictures] == [
        ("0.png", 1, tmp_path.name),
        ("10_red cat/1.png", 10, "red cat"),
        ("2_dog/1.webp", 2, "dog"),
        ("2_dog/2.png", 2, "dog"),
    ]
    assert dataset.per_epoch == 15
    assert {each.caption for each in dataset.pictures} == {"an animal"}


def test_a_picture_may_be_called_what_it_shows(tmp_path):
    names = {
        "03_red cat (2).png": "red cat",
        "blue_dog_12.png": "blue dog",
        "1990s car.png": "1990s car",
        "portrait (front).png": "portrait (front)",
        "0001.png": "a thing",
    }
    for seed, name in enumerate(names):
        draw(tmp_path / name, seed=seed)
    read = {by_name: read_folder(tmp_path, ReadingRules("a thing", by_name)).pictures for by_name in (True, False)}
    assert {each.name: each.caption for each in read[True]} == names
    assert {each.caption for each in read[False]} == {"a thing"}


def test_a_turned_photograph_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (60, 40)).save(tmp_path / "photo.jpg", exif=exif)
    assert read_folder(tmp_path).pictures[0].size == (40, 60)


def test_what_systems_hide_in_folders_and_files_is_not_read(tmp_path):
    for name in ("a.png", ".hidden.png", ".ipynb_checkpoints/a-checkpoint.png", "2_b/c.png", "2_b/.hidden.png"):
        draw(tmp_path / name)
    (tmp_path / "._a.png").write_bytes(b"of a Mac")
    (tmp_path / "a.txt").write_bytes("\ufeffa ghost,\r\nflat\r\n".encode())  # as Windows' editor writes it
    dataset = read_folder(tmp_path)
    assert [(each.name, each.caption) for each in dataset.pictures] == [("2_b/c.png", "b"), ("a.png", "a ghost, flat")]
    assert not dataset.unreadable


def test_an_empty_folder_says_what_belongs_into_it(tmp_path):
    with pytest.raises(DatasetError, match="no picture"):
        read_folder(tmp_path)


def test_everything_that_is_wrong_is_named(tmp_path):
    draw(tmp_path / "good.png", seed=1)
    draw(tmp_path / "wide.png", (300, 40), seed=2)
    draw(tmp_path / "tiny.png", (20, 20), seed=3)
    (tmp_path / "copy.png").write_bytes((tmp_path / "good.png").read_bytes())
    with Image.open(tmp_path / "good.png") as picture:
        like = picture.resize((70, 70))
    ImageDraw.Draw(like).point((3, 3), "red")
    like.save(tmp_path / "like.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG not a picture")
    draw(tmp_path / "latin.png", seed=5)
    (tmp_path / "latin.txt").write_bytes("Gespenst für".encode("latin-1"))
    for name in ("good", "wide", "tiny", "copy", "like"):
        (tmp_path / f"{name}.txt").write_text("a thing" if name != "tiny" else "thing " * 100)
    draw(tmp_path / "silent.png", seed=7)
    draw(tmp_path / "3_deep" / "deeper" / "a.png", seed=8)
    (tmp_path / "moving.gif").write_bytes(b"GIF89a")
    draw(tmp_path / "miku.png", seed=9)
    (tmp_path / "miku.txt").write_text("miku_(singer)")
    draw(tmp_path / "hat.png", seed=10)
    (tmp_path / "hat.txt").write_text("a (hat:1.3)")
    said = {(finding.file, finding.text.split(" (")[0]) for finding in findings(read_folder(tmp_path), BUCKETS)}
    assert said == {
        ("broken.png", "cannot be read"),
        ("3_deep/deeper", "is not read: pictures lie in the folder itself, or in folders in it"),
        ("moving.gif", "is not trained with: save it as one of .png, .jpg, .jpeg, .webp, .bmp, .avif"),
        ("miku.png", "has brackets in its caption, which weight words: turn weights off if they are text"),
        ("latin.png", "cannot be read"),
        ("silent.png", f"has no caption of its own: '{tmp_path.name}' is used"),
        ("tiny.png", "has a caption of 100 tokens: it takes 2 chunks of 75"),
        ("tiny.png", "is small"),
        ("wide.png", "loses 47% of its area at 128 x 32"),
        ("good.png", "is the same file as copy.png"),
        ("like.png", "looks like copy.png"),
    }


def test_what_is_left_out_without_a_word_is_named_too(tmp_path):
    folder = tmp_path / "data"
    draw(folder / "good.png", seed=1)
    draw(folder / "3_deep" / "deeper" / "deepest" / "a.png", seed=2)
    draw(folder / "saved.jpg", seed=3)
    (folder / "saved.jpg").rename(folder / "saved.jfif")
    (folder / "gone.png").symlink_to(tmp_path / "nothing.png")
    draw(tmp_path / "elsewhere" / "b.png", seed=4)
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "text.png").write_text("no picture")
    said = {finding.file: finding.text for finding in read_folder(folder).unreadable}
    assert set(said) == {"3_deep/deeper", "saved.jfif", "gone.png", "linked", "text.png"}
    assert "a link" in said["gone.png"]
    assert "a link" in said["linked"]
    assert str(tmp_path) not in said["text.png"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_captions_are_read_as_windows_writes_them(tmp_path, encoding):
    draw(tmp_path / "a.png")
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    (tmp_path / "a.txt").write_bytes(f"{mark}ein Gespenst für\r\nuns".encode(encoding))
    assert read_folder(tmp_path).pictures[0].caption == "ein Gespenst für uns"


def test_pictures_of_16_bits_do_not_look_alike_for_that(tmp_path):
    """They look as the same pictures do in 8 bits."""
    for seed in range(2):
        draw(tmp_path / "8" / f"{seed}.png", seed=seed)
        with Image.open(tmp_path / "8" / f"{seed}.png") as picture:
            grey = np.asarray(picture.convert("L"), np.uint16)
        (tmp_path / "16").mkdir(exist_ok=True)
        Image.fromarray(grey * 257).save(tmp_path / "16" / f"{seed}.png")
    short, long = (read_folder(tmp_path / bits) for bits in ("8", "16"))
    assert [each.looks for each in long.pictures] == [each.looks for each in short.pictures]
    assert findings(long, BUCKETS) == []
    with Image.open(io.BytesIO(thumbnail(long.pictures[0], 32))) as small:
        assert 80 < ImageStat.Stat(small).mean[0] < 180  # of white, 255


def test_a_good_folder_has_nothing_to_be_said_about(tmp_path):
    for seed in range(4):
        draw(tmp_path / f"{seed}.png", seed=seed)
    assert findings(read_folder(tmp_path), BUCKETS) == []


def test_pictures_of_a_class_that_have_one_caption_in_common_lack_none(tmp_path):
    for seed, name in enumerate(("cat/a.png", "class/b.png", "class/c.png")):
        draw(tmp_path / name, seed=seed)
    (tmp_path / "cat" / "a.txt").write_text("a cat")
    both = read_folder(tmp_path / "cat") + read_folder(tmp_path / "class", ReadingRules("an animal"))
    assert findings(both, BUCKETS) == []


def test_a_date_is_no_number_of_repeats_and_reading_can_be_stopped(tmp_path):
    (tmp_path / "20240512_party").mkdir()
    draw(tmp_path / "20240512_party" / "a.png")
    [picture] = read_folder(tmp_path).pictures
    assert (picture.repeats, picture.concept) == (1, "20240512_party")

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_folder(tmp_path, check=stop)
