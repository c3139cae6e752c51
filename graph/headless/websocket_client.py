"""Listening to a WebSocket (RFC 6455), with what the standard library has: enough for the progress of a job.

It only listens. The engine has no HTTP library, on purpose, and whoever listens can do without what is said here.
"""

import base64
import contextlib
import secrets
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from io import BufferedIOBase
from urllib.parse import urlsplit

CONNECT_SECONDS = 10.0
MOST_BYTES = 64 << 20
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
KIND, FINAL, MASKED = 0x0F, 0x80, 0x80
NO_MASK = bytes(4)


class WebSocket:
    """A connection to `url`, which begins with http or https. Raises OSError if there is no WebSocket."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        self._connection = kind(address.netloc, timeout=CONNECT_SECONDS)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
        }
        try:
            self._connection.request("GET", f"{address.path}?{address.query}", headers=headers)
            response = self._connection.getresponse()
        except HTTPException as error:
            raise ConnectionError(f"there is no HTTP server ({error!r})") from None
        if response.status != 101 or self._connection.sock is None:
            self._connection.close()
            raise ConnectionError(f"the server does not speak WebSocket there: {response.status}")
        self._response = response  # which closes its file when nobody needs it any more
        self._socket = self._connection.sock
        self._socket.settimeout(None)

    def messages(self) -> Iterator[str]:
        """The texts that the server sends, until it closes the connection. Raises OSError, EOFError."""
        yield from texts(self._response.fp, self._socket.sendall)

    def close(self) -> None:
        """End the connection, from any thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes whoever reads
        self._connection.close()


def texts(file: BufferedIOBase, answer: Callable[[bytes], None]) -> Iterator[str]:
    """The texts among the frames in `file`, up to the one that closes it. `answer` sends the answer to a ping.

    Raises OSError, EOFError.
    """
    text: bytes | None = None  # what has come so far of one that comes in several frames
    while True:
        head, length = _read(file, 2)
        payload = _payload(file, length)
        kind = head & KIND
        if kind == CLOSE:
            return
        if kind == PING:
            answer(bytes([FINAL | PONG, MASKED | len(payload)]) + NO_MASK + payload)
        elif kind == TEXT:
            text = payload
        elif kind == BINARY:
            text = None
        elif kind == CONTINUATION and text is not None:
            text += payload
        if kind in (TEXT, CONTINUATION) and head & FINAL and text is not None:
            yield text.decode("utf-8", errors="replace")
            text = None


def _payload(file: BufferedIOBase, length: int) -> bytes:
    """What a frame carries whose second byte is `length`; a server does not mask."""
    size = length & 0x7F
    if size > 125:
        size = int.from_bytes(_read(file, 2 if size == 126 else 8))
    if size > MOST_BYTES or length & MASKED:
        raise ConnectionError("the server does not keep to the protocol")
    return _read(file, size)


def _read(file: BufferedIOBase, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise EOFError("the server has closed the connection")
    return content
