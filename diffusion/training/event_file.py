"""Event files, as TensorBoard reads them: curves and pictures of a run.

The format is TFRecord (length, masked CRC-32C of the length, data, masked CRC-32C of the data; little endian) of
protocol buffers ``tensorflow.Event``, of which a few fields are needed, so that they are written here by hand.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path

VERSION = b"brain.Event:2"
_POLYNOMIAL = 0x82F63B78  # of CRC-32C, its bits reversed
_START = 1  # tensorflow.SessionLog.START


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_REMAINDERS = tuple(map(_remainder, range(256)))


def crc32c(data: bytes) -> int:
    """The CRC-32C (Castagnoli; RFC 3720, appendix B.4) of some bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _REMAINDERS[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """Data as a TFRecord."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


class EventFile:
    """A new file beside those that earlier processes have written for a run: a file may end in half a record."""

    def __init__(self, folder: Path, steps: int) -> None:
        """steps: how many there were; what an earlier file has of later ones does not count. Raises OSError."""
        number = len(list(folder.glob("events.out.tfevents.*"))) + 1
        self._path = folder / f"events.out.tfevents.{number:010}.safelight"
        self._write(0, _bytes(3, VERSION))
        self._write(steps, _bytes(7, _number(1, _START)))

    def scalars(self, steps: int, values: dict[str, float]) -> None:
        """Points of curves, by their names, after so many steps. Raises OSError."""
        points = [_bytes(1, name.encode()) + struct.pack("<Bf", 2 << 3 | 5, value) for name, value in values.items()]
        self._write(steps, _bytes(5, b"".join(_bytes(1, point) for point in points)))

    def picture(self, steps: int, name: str, png: bytes, width: int, height: int) -> None:
        """A picture after so many steps. Raises OSError."""
        image = _number(1, height) + _number(2, width) + _number(3, 3) + _bytes(4, png)
        self._write(steps, _bytes(5, _bytes(1, _bytes(1, name.encode()) + _bytes(4, image))))

    def _write(self, steps: int, what: bytes) -> None:
        event = struct.pack("<Bd", 1 << 3 | 1, time.time()) + _number(2, steps) + what
        with self._path.open("ab") as file:
            file.write(record(event))


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
