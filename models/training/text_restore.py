"""A network for training out of a text file that was exported before.

What int8 rounded away stays lost (at most half a step of 127 a channel), which a little more
training mends.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from models.training.text_export import Graph
from models.training.text_model import TextNet

Arrays = Mapping[str, NDArray[Any]]


def restore(net: TextNet, path: Path) -> None:
    """Fill the layers and heads from an int8 file; the word and place tables stay as they are.

    Those two are never trained. Raises ValueError when the file holds another network.
    """
    stored = {a.name: numpy_helper.to_array(a) for a in onnx.load(str(path)).graph.initializer}
    graph = Graph()
    graph.build(net, int8=True)
    with torch.no_grad():
        for name, (parameter, transposed) in graph.parameters.items():
            array = _find(stored, name)
            if array is None or array.size != parameter.numel():
                raise ValueError(f"{path.name} holds another network")
            turned = array.T if array.shape != tuple(parameter.shape) or transposed else array
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(turned, np.float32)))


def _find(stored: Arrays, name: str) -> NDArray[Any] | None:
    """Return the weight as floats; the quantiser stores a Gemm's under a name of its own."""
    if name in stored:
        return stored[name]
    for given in (name, f"{name}_Transposed"):
        if f"{given}_quantized" in stored:
            steps = stored[f"{given}_quantized"].astype(np.float32)
            zero = stored[f"{given}_zero_point"].astype(np.float32)
            return (steps - zero) * stored[f"{given}_scale"]
    return None
