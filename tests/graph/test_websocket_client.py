"""Listening to a WebSocket: aiohttp's, and one that sends whatever the protocol allows."""

import asyncio
import io
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from graph.headless import websocket_client
from graph.headless.websocket_client import WebSocket

TEXT, BINARY, CONTINUATION, CLOSE, PING = 1, 2, 0, 8, 9


async def heard(send, autoping=True):
    """What a client hears of a WebSocket of aiohttp that does `send`."""

    async def handle(request):
        response = web.WebSocketResponse(autoping=autoping)
        await response.prepare(request)
        await send(response, request)
        await response.close()
        return response

    application = web.Application()
    application.router.add_get("/ws", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/ws?clientId=me"
        return await asyncio.wait_for(asyncio.to_thread(lambda: list(WebSocket(url).messages())), 20)
    finally:
        await runner.cleanup()


async def test_texts_of_all_sizes_arrive_and_everything_else_is_passed_over():
    texts = ["", "short", "彩" * 100, "x" * 70_000]

    async def send(response, request):
        assert request.query["clientId"] == "me"
        for text in texts:
            await response.send_str(text)
            await response.send_bytes(b"a preview")

    assert await heard(send) == texts


async def test_a_ping_is_answered():
    async def send(response, request):
        await response.ping(b"still there?")
        answer = await response.receive(5)
        await response.send_str(f"{answer.type.name} {bytes(answer.data)}")

    assert await heard(send, autoping=False) == ["PONG b'still there?'"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "does not speak WebSocket there: 404"),
        (b"SSH-2.0-OpenSSH\r\n", "there is no HTTP server"),
    ],
)
async def test_a_server_without_one_is_an_error(content, message):
    async with serving(content) as url:
        with pytest.raises(ConnectionError, match=message):
            await asyncio.wait_for(asyncio.to_thread(WebSocket, url), 20)


def test_nobody_at_the_address_is_an_error(free_port):
    with pytest.raises(OSError, match="refused"):
        WebSocket(f"http://127.0.0.1:{free_port}/ws")


@asynccontextmanager
async def serving(content):
    """A server that answers with these bytes, and waits until the client has closed the connection."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(content)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"


def frame(kind, payload, final=True):
    size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2)
    return bytes([kind | (0x80 if final else 0)]) + size + payload


@given(st.lists(st.lists(st.text(max_size=100), min_size=1, max_size=4), max_size=6), st.data())
def test_a_text_may_come_in_parts_with_other_frames_in_between(texts, data):
    between = [b"", frame(PING, b"?"), frame(CLOSE + 2, b"")]
    sent = io.BytesIO()
    for parts in texts:
        for index, part in enumerate(parts):
            kind = CONTINUATION if index else TEXT
            sent.write(frame(kind, part.encode(), index == len(parts) - 1))
            sent.write(data.draw(st.sampled_from(between)))
        if data.draw(st.booleans()):
            sent.write(frame(BINARY, b"abc", False) + frame(CONTINUATION, b"def"))
    sent.write(frame(CLOSE, b"\x03\xe8"))
    sent.seek(0)
    answers = []
    assert list(websocket_client.texts(sent, answers.append)) == ["".join(parts) for parts in texts]
    assert set(answers) <= {b"\x8a\x81\0\0\0\0?"}


def test_a_connection_that_breaks_off_is_an_error_and_no_text():
    messages = websocket_client.texts(io.BytesIO(frame(TEXT, b"whole") + frame(TEXT, b"a half")[:4]), list)
    assert next(messages) == "whole"
    with pytest.raises(EOFError):
        next(messages)


async def test_closing_wakes_whoever_listens():
    async with serving(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n") as url:
        client = await asyncio.to_thread(WebSocket, url)
        listening = asyncio.create_task(asyncio.to_thread(lambda: list(client.messages())))
        await asyncio.sleep(0.1)
        assert not listening.done()
        client.close()
        with pytest.raises((OSError, EOFError)):
            await asyncio.wait_for(listening, 20)
