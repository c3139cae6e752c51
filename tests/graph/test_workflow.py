"""Reading workflows: documents, prompts, pictures, and whatever else a file may be."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from graph.headless.workflow import parse_workflow, workflow_of
from graph.workflow_error import NotThereError, WorkflowError
from tests.graph.drawing import Drawing
from tests.running_server import shown

PROMPT = shown("彩色 ünïcode")
DOCUMENT = Drawing().node(1, "Text", [], ["TEXT"], ["drawn"]).document()


def picture(texts, compressed=(), **international):
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text, zip=key in compressed)
    for key, text in international.items():
        info.add_itxt(key, text, zip=True)
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def test_a_file_has_a_document_or_a_prompt(tmp_path):
    (tmp_path / "prompt.json").write_text(json.dumps(PROMPT), "utf-8")
    (tmp_path / "document.json").write_text(json.dumps(DOCUMENT), "utf-8")
    assert workflow_of(tmp_path / "prompt.json").content == PROMPT
    assert not workflow_of(tmp_path / "prompt.json").is_document
    assert workflow_of(str(tmp_path / "document.json")).content == DOCUMENT
    assert workflow_of(tmp_path / "document.json").is_document


@pytest.mark.parametrize("compressed", [(), ("prompt", "workflow")])
def test_the_prompt_of_a_picture_is_taken_and_its_document_goes_along(compressed):
    content = picture({"prompt": json.dumps(PROMPT), "workflow": json.dumps(DOCUMENT)}, compressed)
    found = parse_workflow(content, "a.png")
    assert found.content == PROMPT
    assert found.extra_pnginfo == {"workflow": DOCUMENT}


def test_a_picture_may_have_a_document_alone_in_any_kind_of_text():
    found = parse_workflow(picture({}, workflow=json.dumps(DOCUMENT, ensure_ascii=False)), "a.png")
    assert (found.content, found.extra_pnginfo) == (DOCUMENT, {})


def test_a_picture_keeps_its_workflow_behind_the_pixels():
    """Some programs write the texts last."""
    content = picture({"prompt": json.dumps(PROMPT)})
    head, text, rest = content[:33], content[33 : content.index(b"IDAT") - 4], content[content.index(b"IDAT") - 4 :]
    moved = head + rest[:-12] + text + rest[-12:]
    assert moved != content
    assert parse_workflow(moved, "a.png").content == PROMPT


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "'a' is not valid JSON: Expecting value: line 1 column 1 (char 0)."),
        (b"{", "'a' is not valid JSON: Expecting property name"),
        (b"\xff\xfe\xfa", "'a' is not valid JSON"),
        (b"[" * 100_000, "'a' is nested too deeply to be a workflow."),
        (b"[1, 2]", "'a' is no workflow: it has neither nodes"),
        (b'{"nodes": {}}', "'a' is no workflow"),
        (b'{"1": {"inputs": {}}}', "'a' is no workflow"),
        (picture({}), "The picture 'a' has no workflow in it."),
        (picture({"prompt": "{"}), "'a' is not valid JSON"),
        (picture({"prompt": "5"}), "'a' is no workflow"),
        (picture({"prompt": "{}"})[:60], "The picture 'a' is damaged or cut off"),
        (b"\x89PNG\r\n\x1a\n", "The picture 'a' is damaged or cut off"),
        (b"\xff\xd8\xff\xe0 a JPEG", "'a' is not valid JSON"),
    ],
)
def test_what_is_no_workflow_is_said_in_a_sentence(content, sentence):
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(content, "a")
    assert sentence in str(caught.value)


def test_a_file_that_cannot_be_read_is_said_to_be_that(tmp_path):
    with pytest.raises(NotThereError, match="Is a directory"):
        workflow_of(tmp_path)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(b"\x89PNG\r\n\x1a\n".__add__))
def test_any_bytes_are_read_or_refused(content):
    try:
        found = parse_workflow(content, "a")
    except WorkflowError:
        return
    assert found.content


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_picture_is_read_or_refused(place, byte):
    content = bytearray(picture({"prompt": json.dumps(PROMPT)}))
    content[place % len(content)] = byte
    try:
        parse_workflow(bytes(content), "a")
    except WorkflowError:
        pass
