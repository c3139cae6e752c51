import threading

import pytest

from graph.context import Context, Interrupted
from graph.declare import spec_of
from graph.execution.failure import short
from graph.execution.graph_view import View
from graph.execution.node_context import JobContext, NodeContext
from graph.folders import Folders
from graph.testing import Recorder
from tests.graph import sample_nodes


def test_a_node_runs_as_a_plain_function_with_a_recorder(tmp_path):
    recorder = Recorder(Folders.under(tmp_path))
    assert sample_nodes.paint(recorder, model=None, seed=3) == {"seed": 3, "mask": None}
    assert recorder.steps == [(1, 3), (2, 3), (3, 3)]
    assert recorder.previews == [b"jpeg"] * 3
    sample_nodes.save(recorder, images={})
    assert recorder.shown == {"images": [{"filename": "x_00001_.png", "subfolder": "", "type": "output"}]}
    sample_nodes.grumble(recorder)
    assert recorder.warnings == ["It is late."]


def test_a_recorder_interrupts_when_it_is_told_to(tmp_path):
    recorder = Recorder(Folders.under(tmp_path), interrupt_after=2)
    with pytest.raises(Interrupted):
        sample_nodes.paint(recorder, model=None)
    assert len(recorder.steps) == 2


def job_context(folders, emit):
    """What the nodes of a job of one node share; nobody wants previews."""
    prompt = {"1": {"class_type": "Grumble", "inputs": {}}}
    return JobContext(
        folders=folders,
        files=None,
        graph=View({}, lambda: prompt),
        read=lambda: prompt,
        extra_pnginfo={},
        metadata=True,
        previews="none",
        client_id="me",
        emit=emit,
        interrupted=threading.Event(),
    )


def test_contexts_have_what_the_protocol_says(tmp_path):
    folders = Folders.under(tmp_path)
    contexts = [
        Recorder(folders),
        NodeContext(job_context(folders, lambda event: None), "1"),
    ]
    members = [name for name in vars(Context) if not name.startswith("_")]
    assert len(members) == 20
    for context in contexts:
        assert all(hasattr(context, name) for name in members)


def test_a_context_without_previews_wants_none(tmp_path):
    sent = []
    context = NodeContext(job_context(Folders.under(tmp_path), sent.append), "1")
    assert not context.wants_preview()
    context.progress(1, 2, b"jpeg")
    assert [type(event).__name__ for event in sent] == ["Progress"]


class Float32:
    def __repr__(self):
        return "torch.float32"


class Tensor:
    shape = (1, 4, 16, 16)
    dtype = Float32()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"samples": Tensor()}, "{samples: Tensor float32 [1, 4, 16, 16]}"),
        ([[Tensor(), {}]], "[[Tensor float32 [1, 4, 16, 16], {}]]"),
        ([1, 2, 3, 4, 5], "[1, 2, 3, … 2 more]"),
        ("cat", "'cat'"),
        (spec_of(sample_nodes.add), "NodeSpec"),
    ],
)
def test_values_are_told_in_a_few_words(value, words):
    assert short(value) == words
    assert len(short("x" * 10_000)) < 200
