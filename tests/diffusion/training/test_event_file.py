"""TensorBoard's event files, against the CRC's known values and a reading by protobuf."""

import struct
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from diffusion.training.event_file import EventFile, crc32c, record


def events() -> Any:
    """The messages of TensorBoard's event.proto and summary.proto, as far as they are used."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="t", syntax="proto3")

    def message(name: str, **fields: tuple[int, int, str, bool]) -> None:
        made = file.message_type.add(name=name)
        for field, (number, kind, type_name, repeated) in fields.items():
            label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
            made.field.add(name=field, number=number, type=kind, type_name=type_name or None, label=label)

    one = {"double": kinds.TYPE_DOUBLE, "int": kinds.TYPE_INT64, "text": kinds.TYPE_STRING, "float": kinds.TYPE_FLOAT}
    plain = {name: (kind, "", False) for name, kind in one.items()}
    message("Picture", height=(1, *plain["int"]), width=(2, *plain["int"]), png=(4, kinds.TYPE_BYTES, "", False))
    picture = (4, kinds.TYPE_MESSAGE, ".t.Picture", False)
    message("Value", tag=(1, *plain["text"]), simple_value=(2, *plain["float"]), image=picture)
    message("Summary", value=(1, kinds.TYPE_MESSAGE, ".t.Value", True))
    message("Session", status=(1, *plain["int"]))
    message(
        "Event",
        wall_time=(1, *plain["double"]),
        step=(2, *plain["int"]),
        file_version=(3, *plain["text"]),
        summary=(5, kinds.TYPE_MESSAGE, ".t.Summary", False),
        session_log=(7, kinds.TYPE_MESSAGE, ".t.Session", False),
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Event"))


def test_event_files_are_what_tensorboard_reads(tmp_path):
    """The values of the CRC are those of RFC 3720, B.4."""
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert record(b"")[8:12] == struct.pack("<I", ((c := crc32c(bytes(8))) >> 15 | c << 17) + 0xA282EAD8 & 0xFFFFFFFF)
    EventFile(tmp_path, 0)
    written = EventFile(tmp_path, 300)
    written.scalars(301, {"loss": 0.25, "学习率": 1e-4})
    written.picture(301, "sample 1", b"png", 64, 32)
    _, newer = sorted(tmp_path.glob("*tfevents*"))
    content, found = newer.read_bytes(), []
    while content:
        length = int.from_bytes(content[:8], "little")
        assert content[: 16 + length] == record(content[12 : 12 + length])
        found.append(events().FromString(content[12 : 12 + length]))
        content = content[16 + length :]
    version, session, scalars, picture = found
    assert version.file_version == "brain.Event:2"
    assert (session.step, session.session_log.status) == (300, 1)
    assert {each.tag: each.simple_value for each in scalars.summary.value} == {
        "loss": 0.25,
        "学习率": pytest.approx(1e-4),
    }
    [shown] = picture.summary.value
    assert (picture.step, shown.tag, shown.image.png) == (301, "sample 1", b"png")
    assert (shown.image.width, shown.image.height) == (64, 32)
