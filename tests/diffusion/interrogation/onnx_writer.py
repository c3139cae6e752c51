"""Writing small ONNX files without the package onnx: the few messages of its protobuf format that a layer needs."""

from pathlib import Path

import numpy as np

VARINT, BYTES = 0, 2
FLOAT = 1
IR_VERSION, OPSET = 8, 13


def _varint(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | VARINT) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | BYTES) + _varint(len(content)) + content


def _tensor(name: str, values: np.ndarray) -> bytes:
    dims = b"".join(_field(1, size) for size in values.shape)
    return dims + _field(2, FLOAT) + _field(8, name) + _field(9, values.astype("<f4").tobytes())


def _value(name: str, shape: tuple[int | str, ...]) -> bytes:
    dims = b"".join(_field(1, _field(1 if isinstance(size, int) else 2, size)) for size in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, FLOAT) + _field(2, dims)))


def _node(operator: str, inputs: list[str], output: str) -> bytes:
    return b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, operator)


def write_layer(path: Path, shape: tuple[int | str, ...], weight: np.ndarray, bias: np.ndarray) -> None:
    """`sigmoid(flatten(input) @ weight + bias)` for inputs of a shape whose first dimension may have a name."""
    nodes = [
        _node("Flatten", ["input"], "flat"),
        _node("MatMul", ["flat", "weight"], "product"),
        _node("Add", ["product", "bias"], "sum"),
        _node("Sigmoid", ["sum"], "scores"),
    ]
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, "layer")
    graph += _field(5, _tensor("weight", weight)) + _field(5, _tensor("bias", bias))
    graph += _field(11, _value("input", shape)) + _field(12, _value("scores", (shape[0], weight.shape[1])))
    _write(path, graph)


def write_constants(path: Path, shape: tuple[int | str, ...], *outputs: np.ndarray) -> None:
    """A network that gives the same outputs for every input of a shape."""
    graph = _field(2, "constants") + _field(11, _value("input", shape))
    for number, values in enumerate(outputs):
        kept, name = f"kept{number}", f"output{number}"
        graph += _field(1, _node("Identity", [kept], name)) + _field(5, _tensor(kept, values))
        graph += _field(12, _value(name, values.shape))
    _write(path, graph)


def _write(path: Path, graph: bytes) -> None:
    path.write_bytes(_field(1, IR_VERSION) + _field(8, _field(1, "") + _field(2, OPSET)) + _field(7, graph))


def write_answers(path: Path, shape: tuple[int | str, ...], answers: dict[str, np.ndarray], names: str) -> None:
    """A network that gives the same answers to any input; `names` are noted in its metadata."""
    graph = b"".join(_field(1, _node("Identity", [f"{name}_"], name)) for name in answers) + _field(2, "same")
    graph += b"".join(_field(5, _tensor(f"{name}_", values)) for name, values in answers.items())
    graph += _field(11, _value("input", shape))
    graph += b"".join(_field(12, _value(name, values.shape)) for name, values in answers.items())
    noted = _field(14, _field(1, "names") + _field(2, names))
    path.write_bytes(_field(1, IR_VERSION) + _field(8, _field(1, "") + _field(2, OPSET)) + _field(7, graph) + noted)
