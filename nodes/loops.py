"""Nodes that repeat what lies between them, and carry values from each time to the next."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from graph.declare import Context, Lazy, Range, Subgraph, node
from graph.sweeps.unrolling import LoopBody
from graph.types import Socket
from nodes.sockets import AnyValue

MOST_TURNS = 10_000


@dataclass(frozen=True)
class LoopState:
    """A loop that begins: its items, one for each time, and the values that it starts with."""

    items: tuple[Any, ...]
    values: tuple[Any, Any, Any]


Loop = Annotated[LoopState, Socket("LOOP")]
Optional = Lazy[AnyValue] | None


class Begun(NamedTuple):
    """What is there in each turn of a loop."""

    loop: Loop
    item: AnyValue
    number: int
    value_1: AnyValue
    value_2: AnyValue
    value_3: AnyValue


class Looped(NamedTuple):
    """What a loop gives in the end."""

    value_1: AnyValue
    value_2: AnyValue
    value_3: AnyValue
    collected: list[AnyValue]


@node("LoopStart", category="loops", search=["for", "for each", "while", "repeat", "iterate", "foreach"])
def loop_start(
    items: list[AnyValue] | None = None,
    count: Annotated[int, Range(0, MOST_TURNS)] = 3,
    value_1: AnyValue | None = None,
    value_2: AnyValue | None = None,
    value_3: AnyValue | None = None,
) -> Begun:
    """Begin a loop, which ends at Loop End: what lies between them is done again and again.

    items: A list, for each value of which the loop is gone through once. Without one it is counted.
    count: How often, if there are no items.
    value_1: What is carried from each time to the next: here as it is the first time.
    value_2: A second such value.
    value_3: A third one.
    """
    turns = tuple(range(count)) if items is None else tuple(items[:MOST_TURNS])
    values = (value_1, value_2, value_3)
    return Begun(LoopState(turns, values), turns[0] if turns else None, 0, *values)


@node(
    "LoopEnd", category="loops", search=["for", "for each", "while", "repeat", "collect", "foreach"], reads_graph=True
)
def loop_end(
    ctx: Context,
    loop: Loop,
    value_1: Optional,
    value_2: Optional,
    value_3: Optional,
    collect: Optional,
    stop: Optional,
) -> Looped | Subgraph:
    """End a loop that began at Loop Start, and give what it has come to.

    loop: From Loop Start.
    value_1: What value 1 is the next time, and after the last time the result.
    value_2: What value 2 is the next time.
    value_3: What value 3 is the next time.
    collect: What each time adds to the list that is given in the end.
    stop: The loop ends when this is true, at the latest after all times.
    """
    start = ctx.graph.node(ctx.node_id)["inputs"]["loop"][0]
    carried = [each.link if each else None for each in (value_1, value_2, value_3)]
    last, collected = (each.link if each else None for each in (stop, collect))
    links = [link for link in (*carried, last, collected) if link]
    body = LoopBody(ctx.graph, start, links)
    graph, values = Subgraph(), list(loop.values)
    turns: list[dict[str, Any]] = []
    milestones = []
    for index, item in enumerate(loop.items):
        turn = body.turn(graph, (loop, item, index, *values))
        values = [turn.output(link) if link else value for link, value in zip(carried, values, strict=True)]
        given = {f"value_{place}": value for place, value in enumerate(values, start=1)}
        turns.append({**given, **({"collect": turn.output(collected), "collects": True} if collected else {})})
        if last:
            turns[-1]["stop"] = turn.output(last)
        milestones += [made.id for link in (collected, *carried, last) if link and (made := turn.made.get(link[0]))][:1]
    graph.milestones = tuple(dict.fromkeys(milestones))
    if not turns:
        return Looped(*loop.values, [])
    return _stopped(graph, turns) if last else _gone_through(graph, turns)


def _gone_through(graph: Subgraph, turns: list[dict[str, Any]]) -> Subgraph:
    """The results of a loop of which every turn is made."""
    values = [turns[-1][f"value_{place}"] for place in (1, 2, 3)]
    given = {str(index): turn["collect"] for index, turn in enumerate(turns) if "collect" in turn}
    return graph.returns(*values, graph.add("MakeList", **given).out(0) if given else [])


def _stopped(graph: Subgraph, turns: list[dict[str, Any]]) -> Subgraph:
    """The results of a loop that may end early: each turn is made only when the one before it says that it must."""
    rest: dict[str, Any] = {"last": True}
    for turn in reversed(turns):
        chosen = graph.add("LoopTurn", **turn, **rest)
        rest = {f"rest_{place}": chosen.out(place - 1) for place in (1, 2, 3)} | {"rest": chosen.out(3)}
    return graph.returns(*rest.values())


@node("LoopTurn", category="loops", title="Turn of a Loop", internal=True)
def loop_turn(
    stop: AnyValue,
    last: bool = False,
    collects: bool = False,
    *,
    value_1: Optional,
    value_2: Optional,
    value_3: Optional,
    collect: Optional,
    rest_1: Optional,
    rest_2: Optional,
    rest_3: Optional,
    rest: Lazy[list[AnyValue]] | None,
) -> Generator[Any, Any, Looped]:
    """Give what one turn of a loop has come to, or go on with the next one.

    stop: Whether the loop ends here.
    last: Whether there is no further turn.
    collects: Whether the turns add to a list.
    value_1: Value 1 after this turn.
    value_2: Value 2 after this turn.
    value_3: Value 3 after this turn.
    collect: What this turn adds to the list.
    rest_1: Value 1 after all turns.
    rest_2: Value 2 after all turns.
    rest_3: Value 3 after all turns.
    rest: What the turns after this one add to the list.
    """
    gathered = [(yield collect)] if collects else []
    if stop or last:
        return Looped(value_1, value_2, value_3, gathered)
    return Looped(rest_1, rest_2, rest_3, [*gathered, *(yield rest)])
