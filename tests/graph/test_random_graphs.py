"""Random graphs of all forms of nodes, run by the engine and by the plainest possible reading of the rules."""

import threading

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from graph import events
from graph.caching.cache import ResultCache
from graph.caching.content import ContentHashes
from graph.execution.execute import Executor
from graph.folders import Folders
from graph.messages import Job
from graph.values import Blocked, Items
from tests.graph import form_nodes
from tests.graph.sample_nodes import NOWHERE, calls

REGISTRY = form_nodes.registry()
FOLDERS = Folders.under(NOWHERE)
BUDGETS = st.sampled_from([0, 600, 10_000_000])


def node(class_type, **inputs):
    return {"class_type": class_type, "inputs": inputs}


@st.composite
def graphs(draw):
    """A prompt of nodes with numbers as outputs, each reading earlier ones; the last one is wanted."""
    prompt = {}
    for number in range(draw(st.integers(1, 10))):

        def value(number=number):
            literal = st.integers(-3, 3)
            earlier = st.integers(0, number - 1).map(lambda i: [str(i), 0]) if number else literal
            return draw(literal | earlier)

        kinds = ["Add", "Times", "Numbers", "Choose", "Gate", "Clamp", "Repeat", "Sum", "Both", "AsyncChoose"]
        match draw(st.sampled_from(kinds)):
            case "Add" | "Times" | "Both" as kind:
                entry = node(kind, a=value(), b=value())
            case "Numbers":
                entry = node("Numbers", text=" ".join(map(str, draw(st.lists(st.integers(-2, 2), max_size=3)))))
            case "Choose" | "AsyncChoose" as kind:
                entry = node(kind, condition=draw(st.booleans()), on_true=value(), on_false=value())
            case "Gate":
                entry = node("Gate", value=value(), open=draw(st.booleans()))
            case "Clamp":
                entry = node("Clamp", value=value(), low=draw(st.sampled_from([0, 200])))
            case "Repeat":
                entry = node("Repeat", value=value(), count=draw(st.integers(0, 3)))
            case "Sum":
                entry = node("Sum", numbers=value(), times=value())
        prompt[str(number)] = entry
    return prompt


def evaluate(prompt, id, known):
    """The list of values that a node gives, and whether it is a list for those who read it."""
    if id not in known:
        entry = prompt[id]
        known[id] = apply(entry["class_type"], {n: read(prompt, v, known) for n, v in entry["inputs"].items()})
    return known[id]


def read(prompt, value, known):
    return (lambda: evaluate(prompt, value[0], known)) if isinstance(value, list) else (lambda: ([value], False))


def apply(kind, inputs):
    """A node's rule, written out: `inputs` are functions that evaluate an input when it is called for."""
    if kind == "Numbers":
        ([text], _) = inputs["text"]()
        return [int(part) for part in text.split()], True
    lazy = {
        "Choose": {"on_true", "on_false"},
        "AsyncChoose": {"on_true", "on_false"},
        "Clamp": {"value"},
        "Both": {"a", "b"},
    }
    whole = {"Sum": {"numbers"}}.get(kind, set())
    eager = {name: get() for name, get in inputs.items() if name not in lazy.get(kind, set())}
    if any(not values for name, (values, _) in eager.items() if name not in whole):
        return [], True
    plain = {name: values for name, (values, _) in eager.items()}
    wanted = asked(kind, plain)
    lists = dict(eager)
    length = max([len(v) for name, (v, _) in lists.items() if name not in whole], default=1)
    blocked = all(is_blocked(kind, plain, whole, index) for index in range(length))
    if not blocked:
        lists |= {name: inputs[name]() for name in wanted}
    if any(not values for name, (values, _) in lists.items() if name not in whole):
        return [], True
    mapped = any(is_list for name, (_, is_list) in lists.items() if name not in whole)
    length = max([len(v) for name, (v, _) in lists.items() if name not in whole], default=1)
    results = []
    for index in range(length):
        if is_blocked(kind, plain, whole, index):
            results.append(Blocked())
            continue
        at = {n: v if n in whole else v[min(index, len(v) - 1)] for n, (v, _) in lists.items()}
        results.append(rule(kind, at))
    return results, mapped


def is_blocked(kind, plain, whole, index):
    return any(
        Blocked() in values if name in whole else values[min(index, len(values) - 1)] == Blocked()
        for name, values in plain.items()
    )


def asked(kind, plain):
    match kind:
        case "Choose" | "AsyncChoose":
            return ["on_true" if plain["condition"][0] else "on_false"]
        case "Clamp":
            return [] if plain["low"][0] > 100 else ["value"]
        case "Both":
            return ["a", "b"]
    return []


def rule(kind, at):
    match kind:
        case "Add":
            return at["a"] + at["b"]
        case "Times":
            return at["a"] * at["b"]
        case "Both":
            return Blocked() if Blocked() in (at["a"], at["b"]) else at["a"] + at["b"]
        case "Choose" | "AsyncChoose":
            return at["on_true"] if at["condition"] else at["on_false"]
        case "Gate":
            return at["value"] if at["open"] else Blocked()
        case "Clamp":
            if at["low"] > 100 or at["value"] == Blocked():
                return at.get("value", at["low"])
            return max(at["value"], at["low"])
        case "Repeat":
            return at["value"] + at["count"]
        case "Sum":
            return sum(at["numbers"]) * at["times"]


def run(executor, prompt):
    seen = []
    target = list(prompt)[-1]
    outputs = executor.run(Job("j", orjson.dumps(prompt), [target]), seen.append, threading.Event())
    return seen, outputs.get(target)


@settings(max_examples=300)
@given(graphs(), BUDGETS)
def test_the_engine_gives_what_the_rules_say_whatever_its_memory(prompt, budget):
    executor = Executor(REGISTRY, ResultCache(budget, most_handles=0), FOLDERS, ContentHashes())
    for _ in range(2):
        seen, outputs = run(executor, prompt)
        assert isinstance(seen[-1], events.Succeeded), seen[-1]
        (value,) = outputs
        expected, is_list = evaluate(prompt, list(prompt)[-1], {})
        assert value == (Items(expected) if is_list else expected[0])
        started = [event.node for event in seen if isinstance(event, events.NodeStarted)]
        finished = [event.node for event in seen if isinstance(event, events.NodeFinished)]
        assert set(finished) == set(started), "every node that began has finished"


@settings(max_examples=100)
@given(graphs())
def test_with_room_nothing_runs_twice(prompt):
    executor = Executor(REGISTRY, ResultCache(10_000_000), FOLDERS, ContentHashes())
    run(executor, prompt)
    calls.clear()
    seen, _ = run(executor, prompt)
    assert isinstance(seen[-1], events.Succeeded), seen[-1]
    assert calls == []
    assert [event for event in seen if isinstance(event, events.NodeStarted)] == []
