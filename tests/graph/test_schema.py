from graph.folders import Folders
from graph.schema import alias_entry, file_choices, fill_choices, object_info
from tests.graph import sample_nodes


def test_the_signature_becomes_an_entry_of_object_info():
    info = object_info(sample_nodes.registry().specs["Paint"])
    assert info["input"] == {
        "required": {
            "model": ["MODEL", {}],
            "seed": ["INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}],
            "strength": ["FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.01}],
            "text": ["STRING", {"default": "", "multiline": True, "dynamicPrompts": True}],
            "tiled": ["BOOLEAN", {"default": False}],
        },
        "optional": {"mask": ["IMAGE", {}]},
    }
    assert info["input_order"] == {"required": ["model", "seed", "strength", "text", "tiled"], "optional": ["mask"]}
    assert (info["output"], info["output_name"], info["output_is_list"]) == (["IMAGE"], ["IMAGE"], [False])
    assert (info["name"], info["display_name"], info["category"]) == ("Paint", "Paint", "test")
    assert info["output_node"] is False
    assert info["version"] == 1
    assert "deprecated" not in info


def test_named_outputs_have_their_names_and_types():
    info = object_info(sample_nodes.registry().specs["Split"])
    assert (info["output"], info["output_name"]) == (["INT", "MODEL"], ["low", "model"])


def test_an_alias_has_an_entry_with_its_own_input_names():
    info = alias_entry(sample_nodes.registry().specs["Add"], "Plus")
    assert (info["name"], info["alias_of"]) == ("Plus", "Add")
    assert info["input_order"] == {"required": ["left", "right"]}
    assert info["input"]["required"]["left"][1]["tooltip"] == "The first one."


def test_all_ids_and_aliases_have_entries():
    registry = sample_nodes.registry()
    schemas = registry.schemas()
    assert {"Add", "Plus", "Load", "Loader"} <= set(schemas)
    assert schemas["Loader"]["alias_of"] == "Load"
    assert "alias_of" not in schemas["Load"]


def test_file_lists_are_filled_in_without_changing_the_stored_entries(tmp_path):
    folders = Folders.under(tmp_path)
    for name in ("models/checkpoints/a.safetensors", "input/cat.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"")
    stored = sample_nodes.registry().schemas()
    filled = fill_choices(stored, folders)
    assert filled["Load"]["input"]["required"]["name"] == [["a.safetensors"], {"files": "checkpoints"}]
    assert filled["Load"]["input"]["required"]["mode"] == [["fast", "slow"], {"default": "fast"}]
    assert filled["Picture"]["input"]["required"]["image"] == [["cat.png"], {"files": "input", "image_upload": True}]
    assert stored["Load"]["input"]["required"]["name"][0] == []
    assert filled["Add"] is stored["Add"]
    # a file that may be left out
    assert file_choices({"files": "checkpoints", "optional": True}, folders) == ["", "a.safetensors"]
    assert file_choices({"files": "loras", "optional": True}, folders) == [""]
