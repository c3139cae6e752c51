"""Messages on the wire between server and worker: a 4-byte big-endian length, then that many bytes of msgpack."""

import asyncio
import socket
import struct
from typing import Any, TypeVar

import msgspec

LENGTH = struct.Struct(">I")
LARGEST = 1 << 30
"""Bytes; a longer frame is a fault of the other side, not a message."""

Message = TypeVar("Message")
_encoder = msgspec.msgpack.Encoder()


class BrokenFrame(ConnectionError):
    """The bytes that arrived are no message."""


def encode(message: msgspec.Struct) -> bytes:
    """The frame of a message. Raises ValueError if it is too large to be sent."""
    body = _encoder.encode(message)
    if len(body) > LARGEST:
        raise ValueError(f"a message of {len(body)} bytes is too large to be sent (at most {LARGEST})")
    return LENGTH.pack(len(body)) + body


def _length(head: bytes) -> int:
    (length,) = LENGTH.unpack(head)
    if length > LARGEST:
        raise BrokenFrame(f"a frame of {length} bytes was announced")
    return length


def _decode(body: bytes, decoder: msgspec.msgpack.Decoder[Any]) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as error:
        raise BrokenFrame(f"not a message: {error}") from error


async def read(reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[Message]) -> Message:
    """The next message.

    Raises asyncio.IncompleteReadError (an EOFError) at the end of the stream, BrokenFrame for anything else.
    """
    length = _length(await reader.readexactly(LENGTH.size))
    return _decode(await reader.readexactly(length), decoder)


def receive(connection: socket.socket, decoder: msgspec.msgpack.Decoder[Message]) -> Message:
    """The next message of a blocking socket.

    Raises EOFError at the end of the stream, BrokenFrame for anything else.
    """
    length = _length(_exactly(connection, LENGTH.size))
    return _decode(_exactly(connection, length), decoder)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError("the connection was closed")
        parts += part
    return bytes(parts)
