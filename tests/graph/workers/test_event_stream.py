import time

from graph import events
from graph.messages import JobEvents
from graph.workers.event_stream import EventStream


def test_what_is_waited_for_goes_at_once_and_takes_along_what_came_before():
    sent: list[JobEvents] = []
    stream = EventStream(sent.append)
    finished = events.NodeFinished("1", None, True, 0.0)
    stream.put("a", events.Started(1))
    stream.put("a", finished)
    stream.put("a", events.NodeStarted("2"))
    assert sent[-1].events[-1] == events.NodeStarted("2")
    stream.put("a", finished)
    stream.put("a", events.Succeeded(2))
    assert sent[-1].events[-1] == events.Succeeded(2)
    told = [event for bundle in sent for event in bundle.events]
    assert told == [events.Started(1), finished, events.NodeStarted("2"), finished, events.Succeeded(2)]
    assert {bundle.job_id for bundle in sent} == {"a"}


def test_what_nobody_waits_for_goes_soon_and_together():
    sent: list[JobEvents] = []
    stream = EventStream(sent.append)
    many = [events.NodeFinished(str(number), None, True, 0.0) for number in range(1000)]
    for event in many:
        stream.put("a", event)
    for _ in range(500):
        if sum(len(bundle.events) for bundle in sent) == len(many):
            break
        time.sleep(0.01)
    assert [event for bundle in sent for event in bundle.events] == many
    assert len(sent) < 100


def test_a_bundle_has_the_events_of_one_job():
    sent: list[JobEvents] = []
    stream = EventStream(sent.append)
    progress = events.Progress("1", 1, 2)
    stream.put("a", progress)
    stream.put("b", events.Started(1))
    stream.put("b", events.Succeeded(2))
    assert sent[0] == JobEvents("a", [progress])
    assert {type(event) for bundle in sent if bundle.job_id == "b" for event in bundle.events} == {
        events.Started,
        events.Succeeded,
    }
