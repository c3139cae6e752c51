"""`folder_paths`: lists, paths and names over the folders of an installation, never outside of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compat.host.fresh_host import host_modules

PARTS = st.sampled_from(["..", ".", "a", "a.safetensors", "sub", "/", "\\", "C:", "~", "secret.txt", "", " ..", "con"])
NAMES = st.lists(PARTS, min_size=1, max_size=6).map("/".join) | st.text(max_size=20)


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    base = tmp_path_factory.mktemp("folders") / "inside"
    for name in ("models/loras/a.safetensors", "models/loras/sub/b.pt", "models/loras/notes.md", "input/x.png"):
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(name)
    (base.parent / "secret.txt").write_text("secret")
    (base / "models" / "secret.txt").write_text("secret")
    with host_modules(base) as modules:
        yield modules


@pytest.fixture(scope="module")
def folder_paths(modules):
    return modules.folder_paths


@pytest.fixture
def base(modules):
    return modules.folders.base


def test_directories_have_their_names(folder_paths, base):
    assert folder_paths.base_path == str(base)
    assert folder_paths.models_dir == str(base / "models")
    assert Path(folder_paths.__file__).parent == base
    for kind in ("output", "input", "temp"):
        assert folder_paths.get_directory_by_type(kind) == str(base / kind)
    assert folder_paths.get_directory_by_type("elsewhere") is None
    assert folder_paths.get_user_directory() == str(base / "user")


def test_models_are_listed_and_found(folder_paths, base):
    assert folder_paths.get_filename_list("loras") == ["a.safetensors", "sub/b.pt"]
    assert folder_paths.get_full_path("loras", "sub/b.pt") == str(base / "models" / "loras" / "sub" / "b.pt")
    assert folder_paths.get_full_path("loras", "c.pt") is None
    with pytest.raises(FileNotFoundError, match=r"no 'a.safetensor' in models/loras.*Similar: a.safetensors"):
        folder_paths.get_full_path_or_raise("loras", "a.safetensor")
    with pytest.raises(KeyError):
        folder_paths.get_filename_list("nonsense")


def test_older_names_of_kinds_mean_the_present_ones(folder_paths):
    assert folder_paths.get_folder_paths("unet") == folder_paths.get_folder_paths("diffusion_models")
    assert folder_paths.get_folder_paths("clip") == folder_paths.get_folder_paths("text_encoders")


def test_what_packs_add_to_the_table_counts_at_once(folder_paths, base, tmp_path):
    (tmp_path / "new.gguf").write_text("x")
    (tmp_path / "new.txt").write_text("x")
    folder_paths.folder_names_and_paths["quants"] = ([str(tmp_path)], {".gguf"})
    assert folder_paths.get_filename_list("quants") == ["new.gguf"]
    folder_paths.folder_names_and_paths["quants"][1].add(".txt")
    assert folder_paths.get_filename_list("quants") == ["new.gguf", "new.txt"]
    folder_paths.folder_names_and_paths["everything"] = ([str(tmp_path)], set())
    assert folder_paths.get_filename_list("everything") == ["new.gguf", "new.txt"]

    (tmp_path / "loras").mkdir()
    (tmp_path / "loras" / "a.safetensors").write_text("another")
    folder_paths.add_model_folder_path("loras", str(tmp_path / "loras"), is_default=True)
    assert folder_paths.get_full_path("loras", "a.safetensors") == str(tmp_path / "loras" / "a.safetensors")
    folder_paths.folder_names_and_paths["loras"][0].remove(str(tmp_path / "loras"))
    folder_paths.add_model_folder_path("brand_new", str(tmp_path))
    assert folder_paths.get_folder_paths("brand_new") == [str(tmp_path)]


@given(NAMES)
def test_no_name_leads_out_of_the_folders(modules, name):
    base, folder_paths = modules.folders.base.resolve(), modules.folder_paths
    found = folder_paths.get_full_path("loras", name)
    assert found is None or Path(found).resolve().is_relative_to(base / "models" / "loras")
    assert not (folder_paths.exists_annotated_filepath(name) and "secret" in name)
    for look in (
        lambda: folder_paths.get_annotated_filepath(name),
        lambda: folder_paths.get_annotated_filepath(f"{name} [temp]"),
        lambda: folder_paths.get_save_image_path(name, folder_paths.get_output_directory())[0],
    ):
        try:
            path = Path(look())
        except (ValueError, OSError):
            continue
        assert path.resolve().is_relative_to(base)


def test_annotated_names_say_their_folder(folder_paths, base):
    assert folder_paths.annotated_filepath("a/b.png [output]") == ("a/b.png", str(base / "output"))
    assert folder_paths.annotated_filepath("b.png") == ("b.png", None)
    assert folder_paths.get_annotated_filepath("x.png") == str(base / "input" / "x.png")
    assert folder_paths.get_annotated_filepath("x.png [temp]") == str(base / "temp" / "x.png")
    assert folder_paths.get_annotated_filepath("x.png", str(base / "output")) == str(base / "output" / "x.png")
    assert folder_paths.exists_annotated_filepath("x.png")
    assert not folder_paths.exists_annotated_filepath("x.png [output]")


def test_saved_files_are_numbered_in_their_folder(folder_paths, base):
    output = folder_paths.get_output_directory()
    first = folder_paths.get_save_image_path("deep/%width%x%height%", output, 64, 32)
    assert first == (str(base / "output" / "deep"), "64x32", 1, "deep", "deep/64x32")
    (base / "output" / "deep" / "64x32_00041_.png").touch()
    assert folder_paths.get_save_image_path("deep/%width%x%height%", output, 64, 32)[2] == 42
    assert folder_paths.get_save_image_path("", output)[1:4] == ("Safelight", 1, "")


def test_files_are_filtered_and_searched(folder_paths, base):
    files = ["b.PNG", "a.txt", "c.mp4", "d.safetensors"]
    assert folder_paths.filter_files_extensions(files, [".png", ".txt"]) == ["a.txt", "b.PNG"]
    assert folder_paths.filter_files_content_types(files, ["image", "video"]) == ["b.PNG", "c.mp4"]
    found, folders = folder_paths.recursive_search(str(base / "models"), ["sub"])
    assert sorted(found) == ["loras/a.safetensors", "loras/notes.md", "secret.txt"]
    assert set(folders) == {str(base / "models"), str(base / "models" / "loras")}


def test_the_options_of_the_command_line_are_those_of_the_worker(modules):
    args = modules.arguments.args
    assert args.cpu
    assert not args.disable_metadata
    assert args.output_directory == str(modules.folders.output)
    assert args.preview_method is modules.arguments.LatentPreviewMethod.Auto
    assert modules.arguments.LatentPreviewMethod.from_string("taesd").name == "TAESD"
