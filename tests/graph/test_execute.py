import threading

import orjson
import pytest

from graph import events
from graph.caching.cache import ResultCache
from graph.caching.content import ContentHashes
from graph.execution.execute import Executor
from graph.folders import Folders
from graph.messages import Job
from graph.validation.validate import validate
from tests.graph import sample_nodes
from tests.graph.sample_nodes import calls

REGISTRY = sample_nodes.registry()


class Bench:
    """An executor, and a way to run prompts on it."""

    def __init__(self, root, budget=1_000_000):
        self.folders = Folders.under(root)
        self.executor = Executor(REGISTRY, ResultCache(budget), self.folders, ContentHashes(root / "c.sqlite"))
        self.interrupted = threading.Event()
        self.on_event = lambda event: None

    def run(self, prompt, targets=None):
        """The events of a job, and the names of the nodes that really ran."""
        validation = validate(prompt, REGISTRY.schemas(), self.folders, targets)
        assert validation.error is None, validation.error
        seen = []

        def emit(event):
            seen.append(event)
            self.on_event(event)

        calls.clear()
        self.executor.run(Job("j", orjson.dumps(validation.prompt), validation.targets), emit, self.interrupted)
        return seen, [name for name, _ in calls]


@pytest.fixture
def bench(tmp_path):
    (tmp_path / "models/checkpoints").mkdir(parents=True)
    (tmp_path / "models/checkpoints/a.pt").write_bytes(b"one")
    return Bench(tmp_path)


def node(class_type, **inputs):
    return {"class_type": class_type, "inputs": inputs}


def chain(first=1):
    return {"1": node("Number", value=first), "2": node("Add", a=["1", 0], b=2), "3": node("Show", value=["2", 0])}


def painting(prefix="x"):
    return {
        "1": node("Load", name="a.pt"),
        "2": node("Paint", model=["1", 0]),
        "3": node("Save", images=["2", 0], prefix=prefix),
    }


def of(kind, seen):
    return [event for event in seen if isinstance(event, kind)]


def test_a_job_runs_its_nodes_in_order_and_tells(bench):
    seen, ran = bench.run(chain())
    assert ran == ["Number", "Add", "Show"]
    assert calls[-1] == ("Show", 3)
    kinds = [type(event).__name__ for event in seen]
    assert kinds == ["Started", "Cached", *["NodeStarted", "NodeFinished"] * 3, "Succeeded"]
    assert of(events.Cached, seen)[0].nodes == []
    assert [event.node for event in of(events.NodeStarted, seen)] == ["1", "2", "3"]
    last = of(events.NodeFinished, seen)[-1]
    assert (last.node, last.ui, last.cached) == ("3", {"text": ["3"]}, False)


def test_the_same_job_again_runs_nothing_but_shows_its_outputs(bench):
    first, _ = bench.run(chain())
    seen, ran = bench.run(chain())
    assert ran == []
    assert of(events.Cached, seen)[0].nodes == ["1", "2", "3"]
    (finished,) = of(events.NodeFinished, seen)
    assert (finished.node, finished.ui, finished.cached) == ("3", {"text": ["3"]}, True)
    assert finished.seconds == of(events.NodeFinished, first)[-1].seconds


def test_only_what_changed_runs(bench):
    bench.run(chain())
    prompt = chain() | {"2": node("Add", a=["1", 0], b=10)}
    seen, ran = bench.run(prompt)
    assert ran == ["Add", "Show"]
    assert of(events.Cached, seen)[0].nodes == ["1"]
    assert bench.run(chain())[1] == [], "the results of the first job are still there"


def test_only_what_the_targets_need_runs(bench):
    prompt = chain() | {"4": node("Show", value=5)}
    assert bench.run(prompt, targets=["4"])[1] == ["Show"]
    assert bench.run(prompt, targets=["2"])[1] == ["Number", "Add"]


def test_an_alias_and_other_ids_find_the_same_results(bench):
    bench.run(chain())
    prompt = {"a": node("Number"), "b": node("Plus", left=["a", 0], right=2), "c": node("Show", value=["b", 0])}
    assert bench.run(prompt)[1] == []


def test_two_equal_nodes_of_one_job_run_once(bench):
    prompt = {str(i): node("Number", value=3) for i in range(3)}
    prompt |= {"s": node("Add", a=["0", 0], b=["1", 0]), "t": node("Show", value=["s", 0])}
    seen, ran = bench.run(prompt)
    assert ran == ["Number", "Add", "Show"]
    assert [event.cached for event in of(events.NodeFinished, seen)] == [False, True, False, False]


def test_a_changed_file_makes_its_readers_run(bench):
    bench.run(painting())
    (bench.folders.models / "checkpoints/a.pt").write_bytes(b"two")
    assert bench.run(painting())[1] == ["Load", "Paint", "Save"]


def test_a_node_declared_so_runs_always(bench):
    prompt = {"1": node("Clock"), "2": node("Show", value=["1", 0])}
    assert bench.run(prompt)[1] == bench.run(prompt)[1] == ["Clock", "Show"]


def test_a_picture_that_was_removed_is_made_again(bench):
    seen, _ = bench.run(painting())
    (shown,) = of(events.NodeFinished, seen)[-1].ui["images"]
    assert bench.run(painting())[1] == []
    (bench.folders.output / shown["filename"]).unlink()
    assert bench.run(painting())[1] == ["Save"]


def test_a_picture_whose_name_another_one_has_got_is_made_again(bench):
    seen, _ = bench.run(painting())
    (shown,) = of(events.NodeFinished, seen)[-1].ui["images"]
    (bench.folders.output / shown["filename"]).write_bytes(b"another picture")
    assert bench.run(painting())[1] == ["Save"]


def test_a_result_is_none_any_more_when_the_file_that_it_stands_for_is_gone_or_another_one(bench):
    """What was made of it is as good as before."""
    prompt = {"1": node("Carve"), "2": node("Add", a=["1", 0], b=0), "3": node("Show", value=["2", 0])}
    assert bench.run(prompt)[1] == ["Carve", "Add", "Show"]
    assert bench.run(prompt)[1] == []
    (bench.folders.user / "stone").unlink()
    assert bench.run(prompt)[1] == ["Carve"]
    assert bench.run({"1": node("Carve", value=11)})[1] == ["Carve"]
    assert bench.run(prompt)[1] == ["Carve"]
    assert (bench.folders.user / "stone").read_text() == "7"
    assert bench.run(prompt)[1] == []


def test_without_room_everything_runs_again(tmp_path):
    bench = Bench(tmp_path, budget=0)
    assert bench.run(chain())[1] == bench.run(chain())[1] == ["Number", "Add", "Show"]


def test_progress_and_previews_arrive_at_a_bounded_rate(bench):
    seen, _ = bench.run(painting())
    assert [(event.value, event.total) for event in of(events.Progress, seen)] == [(1, 3), (3, 3)]
    (preview,) = of(events.Preview, seen)
    assert (preview.node, preview.image) == ("2", b"jpeg")


def test_an_interrupt_stops_a_node_at_its_next_report(bench):
    bench.on_event = lambda event: bench.interrupted.set() if isinstance(event, events.Progress) else None
    seen, ran = bench.run(painting())
    assert ran == ["Load", "Paint"]
    last = seen[-1]
    assert isinstance(last, events.Interrupted)
    assert (last.node, last.node_type, last.executed) == ("2", "Paint", ["1"])


def test_an_interrupt_before_anything_ran_is_honoured(bench):
    bench.interrupted.set()
    seen, ran = bench.run(chain())
    assert ran == []
    assert isinstance(seen[-1], events.Interrupted)


@pytest.mark.parametrize(
    ("how", "message", "advice", "input_name"),
    [
        ("input", "Fail (node 2), input 'value': It must be even. Choose another one.", "", "value"),
        ("value", "Fail (node 2): The number is cursed.", "", None),
        ("key", "Fail (node 2): It failed unexpectedly, with KeyError: 'depth'.", "fault of the node", None),
        ("memory", "Fail (node 2): There was not enough memory.", "smaller", None),
        ("exit", "Fail (node 2): It failed unexpectedly, with SystemExit: 3.", "fault of the node", None),
        ("disk", "Fail (node 2): No space left on device: /x.png.", "", None),
    ],
)
def test_an_error_is_a_sentence_with_the_node_and_what_to_do(bench, how, message, advice, input_name):
    prompt = {
        "1": node("Number", value=9),
        "2": node("Fail", value=["1", 0], how=how),
        "3": node("Show", value=["2", 0]),
    }
    seen, _ = bench.run(prompt)
    last = seen[-1]
    assert isinstance(last, events.Failed)
    assert (last.message, last.input_name, last.node, last.node_type) == (message, input_name, "2", "Fail")
    assert advice in last.advice
    assert last.executed == ["1"]
    assert last.current_inputs == {"value": ["9"], "how": [repr(how)]}
    assert any("sample_nodes.py" in line for line in last.traceback)


def test_a_failed_node_runs_again(bench):
    prompt = {"1": node("Number", value=9), "2": node("Fail", value=["1", 0]), "3": node("Show", value=["2", 0])}
    bench.run(prompt)
    seen, _ = bench.run(prompt)
    assert isinstance(seen[-1], events.Failed)
    assert of(events.Cached, seen)[0].nodes == ["1"]


def test_warnings_come_again_with_a_cached_result(bench):
    prompt = {"1": node("Grumble"), "2": node("Show", value=["1", 0])}
    expected = [events.Warned("1", "It is late.")]
    for change in (0, 1):
        prompt["3"] = node("Add", a=["1", 0], b=change)
        seen, _ = bench.run(prompt, targets=["3"])
        assert of(events.Warned, seen) == expected


def test_a_prompt_that_was_not_validated_fails_as_a_whole(bench):
    seen = []
    for prompt in ({}, {"1": node("Nope")}, {"1": node("Add", a=["1", 0])}):
        bench.executor.run(Job("j", orjson.dumps(prompt), ["1"]), seen.append, bench.interrupted)
        assert isinstance(seen[-1], events.Failed)
        assert seen[-1].node is None


def test_intermediate_results_are_let_go_when_nothing_reads_them(tmp_path):
    bench = Bench(tmp_path, budget=0)
    alive = []
    bench.on_event = lambda event: (
        alive.append(sample_nodes.Token.alive) if isinstance(event, events.NodeStarted) else None
    )
    prompt = {"0": node("Mint")}
    for i in range(1, 6):
        prompt[str(i)] = node("Mint", token=[str(i - 1), 0])
    bench.executor.cache = ResultCache(0, most_handles=0)
    bench.run(prompt, targets=["5"])
    assert max(alive) <= 2


def test_a_long_chain_runs(bench):
    prompt = {"0": node("Number")}
    for i in range(1, 3000):
        prompt[str(i)] = node("Add", a=[str(i - 1), 0])
    prompt["s"] = node("Show", value=["2999", 0])
    assert len(bench.run(prompt)[1]) == 3001
    assert calls[-1] == ("Show", 3000)
    assert bench.run(prompt)[1] == []


def test_what_is_left_unfinished_is_not_used_again_nor_what_was_made_of_it(bench):
    prompt = {"1": node("Partly"), "2": node("Add", a=["1", 0], b=0), "3": node("Show", value=["2", 0])}
    assert bench.run(prompt)[1] == ["Partly", "Add", "Show"]
    assert calls[-1] == ("Show", 3)
    assert bench.run(prompt)[1] == ["Partly", "Add", "Show"]
    assert calls[-1] == ("Show", 7)
    assert bench.run(prompt)[1] == []
