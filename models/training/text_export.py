"""The trained network as an int8 ONNX file that carries its own vocabulary and labels.

One text at a time needs neither padding nor a mask, so the graph has none: `ids` int64 (1, n) in;
`emotions` (1, classes) logits and `vad` (1, 3) out. Matrix products are quantised per channel with
7-bit weights, since 8-bit ones overflow the 16-bit sums of AVX2; the word table has a scale a row.
"""

import itertools
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn

from models.text_tokens import WINDOW
from models.training.text_model import EPSILON, HEADS, WIDTH, TextNet

OPSET = 20
LONGEST = WINDOW + 2


def export(net: TextNet, path: Path, metadata: Mapping[str, str], int8: bool = True) -> None:
    """Write the network to `path`, as int8 or (to measure what int8 costs) as float32."""
    model = Graph().build(net, int8)
    helper.set_model_props(model, dict(metadata))
    if not int8:
        onnx.save(model, str(path))
        return
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "float.onnx"
        onnx.save(model, str(whole))
        quantize_dynamic(
            str(whole),
            str(path),
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )


class Graph:
    """Collects nodes and weights; each method returns the name of what it made.

    `parameters` tells which stored array is which parameter, and whether it is stored transposed.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, tuple[nn.Parameter, bool]] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}
        self._numbers = itertools.count()

    def build(self, net: TextNet, int8: bool) -> onnx.ModelProto:
        """Return the checked float graph; with `int8` its word table alone is int8."""
        x = self._op("Add", self._words(net.words, int8), self._places(net.places))
        x = self._norm(x, net.norm)
        for layer in net.layers:
            x = self._layer(x, layer)
        pooled = self._op("ReduceMean", x, self._ints("axis", 1), keepdims=0)
        for name, head in (("emotions", net.emotions), ("vad", net.vad)):
            inputs = [pooled, self._weight(head.weight), self._weight(head.bias)]
            self._nodes.append(helper.make_node("Gemm", inputs, [name], transB=1))
        outputs = [("emotions", net.emotions.out_features), ("vad", net.vad.out_features)]
        graph = helper.make_graph(
            self._nodes,
            "text_emotion",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, (1, "n"))],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, size))
                for name, size in outputs
            ],
            list(self._weights.values()),
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = 9
        onnx.checker.check_model(model)
        return model

    def _words(self, words: nn.Embedding, int8: bool) -> str:
        table = words.weight.detach().numpy()
        if not int8:
            return self._op("Gather", self._array(table), "ids")
        scale = np.maximum(np.abs(table).max(1, keepdims=True), 1e-9) / 127
        steps = np.rint(table / scale).astype(np.int8)
        rows = self._op("Gather", self._array(steps), "ids")
        rows = self._op("Cast", rows, to=TensorProto.FLOAT)
        return self._op("Mul", rows, self._op("Gather", self._array(scale), "ids"))

    def _places(self, places: nn.Embedding) -> str:
        length = self._op("Shape", "ids", start=1, end=2)
        table = self._array(places.weight.detach().numpy()[:LONGEST])
        return self._op("Slice", table, self._ints("zero", 0), length)

    def _layer(self, x: str, layer: Any) -> str:
        head = WIDTH // HEADS
        qkv = self._linear(x, layer.qkv)
        parts = [self._name("part") for _ in range(3)]
        self._nodes.append(helper.make_node("Split", [qkv], parts, axis=2, num_outputs=3))
        split = self._ints("heads", 0, 0, HEADS, head)
        q, k, v = (self._op("Reshape", part, split) for part in parts)
        q = self._op("Transpose", q, perm=[0, 2, 1, 3])
        k = self._op("Transpose", k, perm=[0, 2, 3, 1])
        v = self._op("Transpose", v, perm=[0, 2, 1, 3])
        q = self._op("Mul", q, self._array(np.array(head**-0.5, np.float32)))
        mixed = self._op("MatMul", self._op("Softmax", self._op("MatMul", q, k), axis=-1), v)
        mixed = self._op("Transpose", mixed, perm=[0, 2, 1, 3])
        mixed = self._op("Reshape", mixed, self._ints("width", 0, 0, WIDTH))
        x = self._norm(self._op("Add", x, self._linear(mixed, layer.mix)), layer.mix_norm)
        inner = self._linear(self._op("Gelu", self._linear(x, layer.widen)), layer.narrow)
        return self._norm(self._op("Add", x, inner), layer.out_norm)

    def _linear(self, x: str, linear: nn.Linear) -> str:
        weight = self._array(linear.weight.detach().numpy().T)
        self.parameters[weight] = (linear.weight, True)
        product = self._op("MatMul", x, weight)
        return self._op("Add", product, self._weight(linear.bias))

    def _norm(self, x: str, norm: nn.LayerNorm) -> str:
        inputs = [x, self._weight(norm.weight), self._weight(norm.bias)]
        return self._op("LayerNormalization", *inputs, axis=-1, epsilon=EPSILON)

    def _op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output = self._name(kind)
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def _weight(self, parameter: nn.Parameter) -> str:
        name = self._array(parameter.detach().numpy())
        self.parameters[name] = (parameter, False)
        return name

    def _array(self, array: NDArray[Any]) -> str:
        name = self._name("weight")
        self._weights[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def _ints(self, name: str, *numbers: int) -> str:
        self._weights.setdefault(name, numpy_helper.from_array(np.array(numbers, "i8"), name))
        return name

    def _name(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers)}"


def metadata(vocabulary: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """Return what the weight file carries along: one piece or label a line."""
    return {"vocabulary": "\n".join(vocabulary), "labels": "\n".join(labels)}
