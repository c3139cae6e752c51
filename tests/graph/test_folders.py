import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.files.safe_path import inside
from graph.folders import Folders, OutsideFolderError, UnsafePathError


@pytest.fixture
def folders(tmp_path):
    made = Folders.under(tmp_path)
    for folder in (made.input, made.output, made.temp, made.models / "checkpoints"):
        folder.mkdir(parents=True)
    return made


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_models_are_listed_below_their_kind_without_hidden_and_foreign_files(folders):
    root = folders.models / "checkpoints"
    for name in ("b.safetensors", "A.ckpt", "sub/c.pt", ".hidden.pt", ".git/d.pt", "notes.txt"):
        put(root / name)
    assert folders.model_names("checkpoints") == ["A.ckpt", "b.safetensors", "sub/c.pt"]


def test_a_new_model_is_listed_at_once(folders):
    root = folders.models / "checkpoints"
    put(root / "a.pt")
    old = time.time() - 60
    os.utime(root, (old, old))
    assert folders.model_names("checkpoints") == ["a.pt"]
    put(root / "b.pt")
    assert folders.model_names("checkpoints") == ["a.pt", "b.pt"]


def test_a_linked_model_folder_is_read_and_a_loop_of_links_ends(folders, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    put(elsewhere / "big.safetensors")
    (folders.models / "checkpoints" / "linked").symlink_to(elsewhere)
    (elsewhere / "again").symlink_to(elsewhere)
    assert folders.model_names("checkpoints") == ["linked/big.safetensors"]
    assert folders.model_path("checkpoints", "linked/big.safetensors").is_file()


def test_older_kind_names_and_extra_folders_are_searched(tmp_path):
    folders = Folders(
        **{name: tmp_path / name for name in ("base", "models", "input", "output", "temp", "user", "custom_nodes")},
        extra={"clip": [tmp_path / "more"], "faces": [tmp_path / "faces"]},
    )
    put(tmp_path / "models/clip/l.safetensors")
    put(tmp_path / "more/g.safetensors")
    assert folders.model_names("text_encoders") == folders.model_names("clip") == ["l.safetensors", "g.safetensors"]
    assert folders.model_path("text_encoders", "g.safetensors") == tmp_path / "more/g.safetensors"
    assert "faces" in folders.kinds()
    assert "clip" not in folders.kinds()


def test_a_vae_of_two_files_is_chosen_by_their_common_name(folders):
    approximations = folders.models / "vae_approx"
    put(folders.models / "vae" / "own.pt")
    for name in ("taesd_encoder.pth", "taesd_decoder.pth", "taesdxl_decoder.pth", "sub/tiny_encoder.pt"):
        put(approximations / name)
    decoder = put(approximations / "sub" / "tiny_decoder.safetensors")
    assert folders.model_choices("vae") == ["own.pt", "sub/tiny", "taesd"]
    assert folders.model_names("vae") == folders.model_choices("vae")[:1]
    assert folders.model_path("vae", "sub/tiny") == decoder
    assert folders.model_choices("vae_approx") == folders.model_names("vae_approx")
    with pytest.raises(FileNotFoundError, match=r"There is no 'taesdxl' in models/vae\..*Similar: taesd\."):
        folders.model_path("vae", "taesdxl")


def test_a_missing_model_is_answered_with_similar_names(folders):
    put(folders.models / "checkpoints/sub/pocket.safetensors")
    put(folders.models / "checkpoints/other.safetensors")
    with pytest.raises(
        FileNotFoundError, match=r"no 'pokcet.safetensors' in models/checkpoints.*Similar: sub/pocket.safetensors\.$"
    ):
        folders.model_path("checkpoints", "pokcet.safetensors")


def test_a_name_with_backslashes_finds_the_model(folders):
    path = put(folders.models / "checkpoints/sd15/a.safetensors")
    assert folders.model_path("checkpoints", "sd15\\a.safetensors") == path


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png", "a/../../secret.png", "..\\secret.png", "/etc/passwd", "\\\\host\\share", "C:\\x.png",
        "c:x.png",
        "a\0.png", "a\n.png", "con", "NUL.png", "sub/aux.txt", "com1", "LPT².png", "con .png", ".. /x.png", ". ./x", "",
        ".", "x" * 300, "\ud800.png",
    ],
)  # fmt: skip
def test_unsafe_names_are_refused_everywhere(folders, name):
    with pytest.raises(UnsafePathError):
        folders.resolve("input", "", name)
    with pytest.raises((UnsafePathError, FileNotFoundError)):
        folders.model_path("checkpoints", name)
    if name not in ("", "."):
        with pytest.raises(UnsafePathError):
            folders.resolve("output", name, "x.png")
        with pytest.raises(UnsafePathError):
            folders.save_path(name, "png")


def test_links_out_of_the_input_folder_are_refused(folders, tmp_path):
    secret = put(tmp_path / "secret.png")
    (folders.input / "link.png").symlink_to(secret)
    (folders.input / "dir").symlink_to(tmp_path)
    for name in ("link.png", "dir/secret.png"):
        with pytest.raises(OutsideFolderError):
            folders.input_path(name)
    with pytest.raises(OutsideFolderError):
        folders.resolve("input", "dir", "new.png")


def test_an_unknown_folder_type_is_refused(folders):
    with pytest.raises(UnsafePathError, match="'user'"):
        folders.resolve("user", "", "x.png")


@given(st.text(max_size=30))
def test_no_name_leads_out_of_its_folder(name):
    folder = Path("/nowhere/input")
    try:
        path = inside(folder, name)
    except UnsafePathError:
        return
    assert Path(os.path.normpath(path)).is_relative_to(folder)


def test_inputs_are_pictures_and_annotations_name_other_folders(folders):
    put(folders.input / "sub/a.PNG")
    put(folders.input / "b.txt")
    result = put(folders.output / "r.png")
    assert folders.input_names() == ["sub/a.PNG"]
    (folders.input / "b.latent").write_bytes(b"")
    assert folders.input_names([".latent"]) == ["b.latent"]
    assert folders.input_path("sub/a.PNG").is_file()
    assert folders.input_path("r.png [output]") == result
    with pytest.raises(FileNotFoundError, match=r"'A.png' in the input folder.*Similar: sub/a.PNG"):
        folders.input_path("A.png")


def test_saved_files_count_up_from_the_highest(folders):
    put(folders.output / "cat_00007_.png")
    put(folders.output / "cat_00009_.webp")
    put(folders.output / "cat_tree_00050_.png")
    saved = folders.save_path("cat", "png")
    assert (saved.filename, saved.subfolder, saved.type) == ("cat_00010_.png", "", "output")
    assert not saved.path.exists()
    assert folders.save_path("cat", "png").filename == "cat_00011_.png"
    saved.write(b"content")
    assert saved.path.read_bytes() == b"content"
    assert folders.save_path("cat", "png").filename == "cat_00012_.png"


def test_prefixes_make_subfolders_and_are_filled_in(folders):
    saved = folders.save_path("%year%/x/%width%x%height%_%other%", "png", width=64, height=32, temporary=True)
    assert saved.subfolder == f"{time.localtime().tm_year}/x"
    assert saved.filename == "64x32_%other%_00001_.png"
    assert saved.path.is_relative_to(folders.temp)
    assert saved.type == "temp"


def test_savers_at_the_same_time_get_different_files(folders):
    saved = []
    threads = [
        threading.Thread(target=lambda: saved.extend(folders.save_path("a", "png").filename for _ in range(10)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(saved) == [f"a_{i:05}_.png" for i in range(1, 41)]
