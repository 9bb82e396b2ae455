"""Tiny real networks, written byte by byte: what is needed to test the runtime and no more."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

SCALE, ZERO = 0.1, 5


def write_int8_tflite(path: Path, size: int = 4) -> Path:
    """Input `x` int8 (1, size) with SCALE and ZERO; `z_sum` = x + x first, then `a_positive`."""
    tensors = [
        _tensor("x", size, SCALE, ZERO),
        _tensor("z_sum", size, 2 * SCALE, ZERO),
        _tensor("a_positive", size, SCALE, ZERO),
    ]
    model, graph = schema.ModelT(), schema.SubGraphT()
    add = _operator(0, [0, 0], [1])
    add.builtinOptionsType, add.builtinOptions = (
        schema.BuiltinOptions.AddOptions,
        schema.AddOptionsT(),
    )
    graph.tensors, graph.operators = tensors, [add, _operator(1, [0], [2])]
    graph.inputs, graph.outputs = [0], [1, 2]
    model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT()]
    model.operatorCodes = [_code(schema.BuiltinOperator.ADD), _code(schema.BuiltinOperator.RELU)]
    builder = import_module("flatbuffers").Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def write_onnx(path: Path) -> Path:
    """Inputs `b` int64 and `a` float, both (1, n); outputs `z` = -b and `y` = |a|; metadata."""
    nodes = [
        _message(1, _text(1, "b") + _text(2, "z") + _text(4, "Neg")),
        _message(1, _text(1, "a") + _text(2, "y") + _text(4, "Abs")),
    ]
    ports = [_port(11, "b", 7), _port(11, "a", 1), _port(12, "z", 7), _port(12, "y", 1)]
    graph = b"".join(nodes) + _text(2, "tiny") + b"".join(ports)
    opset = _message(8, _text(1, "") + _number(2, 17))
    note = _message(14, _text(1, "made") + _text(2, "by hand"))
    path.write_bytes(_number(1, 8) + opset + _message(7, graph) + note)
    return path


def _tensor(name: str, size: int, scale: float, zero: int) -> Any:
    tensor, steps = schema.TensorT(), schema.QuantizationParametersT()
    steps.scale, steps.zeroPoint = np.array([scale], "f4"), np.array([zero], "i8")
    tensor.name, tensor.shape, tensor.type = name.encode(), [1, size], schema.TensorType.INT8
    tensor.buffer, tensor.quantization = 0, steps
    return tensor


def _operator(code: int, inputs: Sequence[int], outputs: Sequence[int]) -> Any:
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, list(inputs), list(outputs)
    return operator


def _code(builtin: int) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    code.version = 2
    return code


def _port(field: int, name: str, kind: int) -> bytes:
    shape = _message(2, _message(1, _number(1, 1)) + _message(1, _text(2, "n")))
    tensor = _message(1, _number(1, kind) + shape)
    return _message(field, _text(1, name) + _message(2, tensor))


def _message(field: int, body: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(body)) + body


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _number(field: int, value: int) -> bytes:
    return bytes([field << 3]) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
