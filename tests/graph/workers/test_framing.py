import asyncio
import socket
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import events
from graph.messages import Interrupt, Job, JobEvents, Ping, Run, ToServer, ToWorker
from graph.workers import framing

to_worker = msgspec.msgpack.Decoder(ToWorker)
to_server = msgspec.msgpack.Decoder(ToServer)


async def read(content: bytes, decoder: msgspec.msgpack.Decoder):
    reader = asyncio.StreamReader()
    reader.feed_data(content)
    reader.feed_eof()
    return await framing.read(reader, decoder)


@given(st.text(), st.binary())
def test_messages_arrive_as_they_were(node, image):
    message = JobEvents("id", [events.Preview(node, image)])
    assert asyncio.run(read(framing.encode(message), to_server)) == message


def test_messages_arrive_over_a_socket_one_after_the_other():
    ours, theirs = socket.socketpair()
    messages = [Run(Job("a", b"x" * 3_000_000, ["1"])), Interrupt("a"), Ping()]
    sender = threading.Thread(target=lambda: [ours.sendall(framing.encode(message)) for message in messages])
    sender.start()
    assert [framing.receive(theirs, to_worker) for _ in messages] == messages
    sender.join()
    ours.close()
    with pytest.raises(EOFError):
        framing.receive(theirs, to_worker)
    theirs.close()


@pytest.mark.parametrize("cut", [0, 2, 4, 7])
async def test_a_stream_that_ends_is_an_end(cut: int):
    with pytest.raises(EOFError):
        await read(framing.encode(Interrupt("a"))[:cut], to_worker)


@pytest.mark.parametrize("content", [b"\xff\xff\xff\xffx", b"\x00\x00\x00\x02\xc1\xc1", b"\x00\x00\x00\x01\x80"])
async def test_noise_is_no_message(content: bytes):
    with pytest.raises(framing.BrokenFrame):
        await read(content, to_worker)
