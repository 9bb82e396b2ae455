import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from models.errors import WeightsError
from models.runtime import Net
from tests.models.nets import SCALE, write_int8_tflite, write_onnx


@pytest.fixture
def onnx(tmp_path: Path) -> Net:
    return Net.load(write_onnx(tmp_path / "tiny.onnx"))


@pytest.fixture
def tflite(tmp_path: Path) -> Net:
    return Net.load(write_int8_tflite(tmp_path / "tiny.tflite"))


def test_inputs_and_outputs_are_in_name_order_whatever_the_file_says(
    onnx: Net, tflite: Net
) -> None:
    assert [port.name for port in onnx.inputs] == ["a", "b"]
    assert [port.name for port in onnx.outputs] == ["y", "z"]
    assert [port.name for port in tflite.outputs] == ["a_positive", "z_sum"]


def test_onnx_runs_casts_and_carries_metadata(onnx: Net) -> None:
    positive, negated = onnx({"a": np.array([[-1.5, 2]]), "b": np.array([[3, 4]], np.int32)})
    assert positive.tolist() == [[1.5, 2.0]]
    assert negated.tolist() == [[-3, -4]]
    assert positive.dtype == np.float32
    assert onnx.metadata["made"] == "by hand"
    assert onnx.inputs[0].shape == (1, -1)


def test_int8_tensors_are_quantised_and_dequantised(tflite: Net) -> None:
    x = np.array([[0.3, -0.5, 1.0, 99.0]], np.float32)
    positive, doubled = tflite(x)
    largest = (127 - 5) * SCALE
    assert positive == pytest.approx(np.array([[0.3, 0.0, 1.0, largest]]), abs=SCALE / 2)
    assert doubled == pytest.approx(np.array([[0.6, -1.0, 2.0, 2 * largest]]), abs=SCALE)
    assert positive.dtype == np.float32


def test_ready_int8_is_taken_as_it_is(tflite: Net) -> None:
    positive, _ = tflite(np.array([[15, 5, 5, 5]], np.int8))
    assert positive == pytest.approx(np.array([[1.0, 0, 0, 0]]), abs=1e-6)


def test_outputs_are_copies(tflite: Net) -> None:
    first, _ = tflite(np.ones((1, 4), np.float32))
    tflite(np.zeros((1, 4), np.float32))
    assert first == pytest.approx(np.ones((1, 4)), abs=1e-6)


def test_wrong_names_and_shapes_are_refused(onnx: Net, tflite: Net) -> None:
    with pytest.raises(ValueError, match="inputs are a, b; got a"):
        onnx({"a": np.zeros((1, 2))})
    with pytest.raises(ValueError, match="2 inputs"):
        onnx(np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"x is \(1, 4\); got \(1, 5\)"):
        tflite(np.zeros((1, 5), np.float32))
    with pytest.raises(ValueError, match=r"x is \(1, 4\)"):
        tflite(np.zeros(4, np.float32))


def test_a_second_thread_is_refused(tflite: Net) -> None:
    tflite(np.zeros((1, 4), np.float32))
    caught: list[BaseException] = []

    def call() -> None:
        try:
            tflite(np.zeros((1, 4), np.float32))
        except RuntimeError as err:
            caught.append(err)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert "belongs to the thread" in str(caught[0])


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        Net.load(tmp_path / "away.onnx")
    assert caught.value.mend == "run `moodsync models fetch`"


@pytest.mark.parametrize("name", ["broken.onnx", "broken.tflite"])
def test_a_broken_file_is_a_weights_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x08\x07 no network at all" * 20)
    with pytest.raises(WeightsError, match="cannot be loaded"):
        Net.load(path)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pickle"
    path.write_bytes(b"x")
    with pytest.raises(WeightsError, match="is no network"):
        Net.load(path)


@pytest.mark.parametrize(
    ("suffix", "modules", "package"),
    [
        ("tflite", ["ai_edge_litert.interpreter", "tflite_runtime.interpreter"], "tflite-runtime"),
        ("onnx", ["onnxruntime"], "onnxruntime"),
    ],
)
def test_a_missing_runtime_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, modules: list[str], package: str
) -> None:
    path = tmp_path / f"tiny.{suffix}"
    write_int8_tflite(path) if suffix == "tflite" else write_onnx(path)
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(WeightsError) as caught:
        Net.load(path)
    assert package in caught.value.mend
