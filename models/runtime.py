"""One network, whatever it was saved as: LiteRT (.tflite) or ONNX Runtime (.onnx).

Inputs and outputs are ordered by name, because converters shuffle their order in the file.
Quantised inputs and outputs of a .tflite are converted from and to float here.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from models.errors import WeightsError


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a network. A dimension of -1 may have any size."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class Net:
    """A loaded network; call it with its inputs, get its outputs.

    It may be loaded in one thread and used in another, but the first call makes the calling
    thread its owner for good: interpreters are not thread-safe.
    """

    def __init__(self, backend: "Backend") -> None:
        self._backend = backend
        self._owner: int | None = None
        self.inputs = tuple(sorted(backend.inputs, key=lambda port: port.name))
        self.outputs = tuple(sorted(backend.outputs, key=lambda port: port.name))
        self.metadata: Mapping[str, str] = backend.metadata

    @classmethod
    def load(cls, path: Path, threads: int = 1) -> "Net":
        """Read the file and make it ready to run.

        Raises WeightsError when it is missing, broken, or of a kind that cannot run here.
        """
        if not path.is_file():
            raise WeightsError(f"{path.name} is not there", "run `moodsync models fetch`")
        try:
            open_backend = _BACKENDS[path.suffix]
        except KeyError:
            raise WeightsError(
                f"{path.name} is no network", "use a .tflite or .onnx file"
            ) from None
        return cls(open_backend(path, threads))

    def __call__(
        self, inputs: Mapping[str, NDArray[Any]] | NDArray[Any]
    ) -> tuple[NDArray[Any], ...]:
        """Run once. A lone array is the lone input. The outputs are copies in name order.

        Raises ValueError for wrong names or shapes, RuntimeError from a second thread.
        """
        thread = threading.get_ident()
        if self._owner is None:
            self._owner = thread
        elif self._owner != thread:
            raise RuntimeError("a Net belongs to the thread that called it first")
        named = inputs if isinstance(inputs, Mapping) else self._only_input(inputs)
        if named.keys() != {port.name for port in self.inputs}:
            wanted = ", ".join(port.name for port in self.inputs)
            raise ValueError(f"inputs are {wanted}; got {', '.join(sorted(named))}")
        for port in self.inputs:
            if not _fits(named[port.name].shape, port.shape):
                raise ValueError(f"{port.name} is {port.shape}; got {named[port.name].shape}")
        results = self._backend.run(named)
        return tuple(results[port.name] for port in self.outputs)

    def _only_input(self, array: NDArray[Any]) -> dict[str, NDArray[Any]]:
        if len(self.inputs) != 1:
            raise ValueError(f"the network has {len(self.inputs)} inputs: name them")
        return {self.inputs[0].name: array}


class Backend(Protocol):
    """What Net needs of a runtime."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: Mapping[str, str]

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """Run once on checked inputs; the results own their memory."""
        ...


class _Onnx:
    def __init__(self, path: Path, threads: int) -> None:
        # Releases from 1.29 on report each session to their maker unless told not to before the
        # import; a device id and a queue of reports would lie in the user's cache directory.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        try:
            ort: Any = import_module("onnxruntime")
        except ImportError as err:
            raise WeightsError(
                "ONNX Runtime is not installed", "install the package `onnxruntime`"
            ) from err
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Memory before the last tenth of speed: the sensing process shares a small board.
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as err:  # ONNX Runtime raises a dozen unrelated kinds
            raise _broken(path, err) from err
        self.inputs = tuple(_onnx_port(arg) for arg in self._session.get_inputs())
        self.outputs = tuple(_onnx_port(arg) for arg in self._session.get_outputs())
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        self._dtypes = {port.name: port.dtype for port in self.inputs}
        self._names = [port.name for port in self.outputs]

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        feed = {
            name: np.ascontiguousarray(array, self._dtypes[name]) for name, array in inputs.items()
        }
        return dict(zip(self._names, self._session.run(self._names, feed), strict=True))


class _LiteRt:
    metadata: Mapping[str, str] = {}

    def __init__(self, path: Path, threads: int) -> None:
        interpreter_class = _interpreter_class()
        try:
            self._net = interpreter_class(model_path=str(path), num_threads=threads)
            self._net.allocate_tensors()
        except (ValueError, RuntimeError) as err:
            raise _broken(path, err) from err
        self._in = {str(d["name"]): d for d in self._net.get_input_details()}
        self._out = {str(d["name"]): d for d in self._net.get_output_details()}
        self.inputs = tuple(_litert_port(d) for d in self._in.values())
        self.outputs = tuple(_litert_port(d) for d in self._out.values())
        self._shapes = {name: tuple(d["shape"]) for name, d in self._in.items()}

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        self._resize(inputs)
        for name, array in inputs.items():
            detail = self._in[name]
            self._net.set_tensor(detail["index"], _quantise(array, detail))
        self._net.invoke()
        return {
            name: _dequantise(self._net.get_tensor(detail["index"]), detail)
            for name, detail in self._out.items()
        }

    def _resize(self, inputs: Mapping[str, NDArray[Any]]) -> None:
        changed = [name for name, array in inputs.items() if array.shape != self._shapes[name]]
        for name in changed:
            self._net.resize_tensor_input(self._in[name]["index"], inputs[name].shape)
            self._shapes[name] = inputs[name].shape
        if changed:
            self._net.allocate_tensors()


_BACKENDS: Mapping[str, Callable[[Path, int], Backend]] = {".onnx": _Onnx, ".tflite": _LiteRt}

_ONNX_DTYPES: Mapping[str, DTypeLike] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


def _interpreter_class() -> Any:
    # tflite-runtime serves boards and Pythons for which ai-edge-litert has no wheel.
    for module in ("ai_edge_litert.interpreter", "tflite_runtime.interpreter"):
        try:
            return import_module(module).Interpreter
        except ImportError:
            continue
    raise WeightsError(
        "no LiteRT is installed", "install the package `ai-edge-litert` or `tflite-runtime`"
    )


def _onnx_port(arg: Any) -> Port:
    shape = tuple(size if isinstance(size, int) else -1 for size in arg.shape)
    return Port(arg.name, shape, np.dtype(_ONNX_DTYPES[arg.type]))


def _litert_port(detail: Any) -> Port:
    shape = tuple(int(size) for size in detail["shape_signature"])
    dtype = np.float32 if _scale(detail) else detail["dtype"]
    return Port(str(detail["name"]), shape, np.dtype(dtype))


def _scale(detail: Any) -> float:
    """Return the scale of a quantised tensor, 0.0 of any other."""
    return float(detail["quantization"][0])


def _quantise(array: NDArray[Any], detail: Any) -> NDArray[Any]:
    dtype = detail["dtype"]
    scale, zero = detail["quantization"]
    if not _scale(detail) or array.dtype == dtype:
        return np.ascontiguousarray(array, dtype)
    limits = np.iinfo(dtype)
    steps: NDArray[Any] = np.clip(np.rint(array / scale) + zero, limits.min, limits.max)
    return steps.astype(dtype)


def _dequantise(array: NDArray[Any], detail: Any) -> NDArray[Any]:
    scale, zero = detail["quantization"]
    if not _scale(detail):
        return array
    levels: NDArray[np.float32] = array.astype(np.float32) - np.float32(zero)
    return levels * np.float32(scale)


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        want in (-1, size) for size, want in zip(shape, wanted, strict=True)
    )


def _broken(path: Path, err: Exception) -> WeightsError:
    detail = (str(err).splitlines() or [""])[0][:200]
    return WeightsError(f"{path.name} cannot be loaded ({detail})", "run `moodsync models fetch`")
