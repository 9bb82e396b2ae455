"""Each training for a few steps on made-up data: it ends with a file, and goes on where it stopped.

Run by `scripts/train-smoke`, which makes the environment that they need.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from models.catalog import load_catalog
from models.runtime import Net
from tests.fakes.training_data import write_faces, write_texts, write_voices

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("MOODSYNC_TRAIN_PYTHON", str(ROOT / ".venv-train" / "bin" / "python"))

pytestmark = [pytest.mark.train, pytest.mark.timeout(600)]


def train(kind: str, data: Path, out: Path, *more: str) -> str:
    """Run the training; a missing environment is a failure, never a skip."""
    assert Path(PYTHON).is_file(), "run scripts/train-smoke: it makes the environment"
    call = [PYTHON, "-m", f"models.training.{kind}", "--smoke"]
    call += ["--data", str(data), "--out", str(out), *more]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_text(tmp_path: Path) -> None:
    data = write_texts(tmp_path / "data")
    said = train("text", data, tmp_path / "out")
    assert "min left" in said
    net = Net.load(tmp_path / "out" / "text_emotion.onnx")
    assert [port.name for port in net.outputs] == ["emotions", "vad"]
    assert "family_temperature" in (tmp_path / "out" / "catalog.toml").read_text("utf-8")
    again = train("text", data, tmp_path / "out")
    # Both stages were done: neither takes a step more.
    assert again.count("going on from step") == 2
    assert "min left" not in again


def test_face(tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data")
    said = train("face", data, tmp_path / "out")
    assert "min left" in said
    net = Net.load(tmp_path / "out" / "face_emotion.tflite")
    assert len(net.outputs) == 1


def test_voice(tmp_path: Path) -> None:
    data = write_voices(tmp_path / "data")
    encoder = ROOT / "models" / "weights" / "fetched" / "whisper_tiny_en"
    train("voice", data, tmp_path / "out", "--encoder", str(encoder), "--tune", "2")
    net = Net.load(tmp_path / "out" / "voice_emotion.tflite")
    assert len(net.outputs) == 1
    told = json.loads((tmp_path / "out" / "voice_emotion.json").read_text("utf-8"))
    assert told["learnt"] == ["emodb", "ravdess"]
    assert told["reported_speakers"] == ["emo14", "rav18", "rav19"]
    assert {"tuned", "tried"} & set(told["chosen_on"])


def test_voice_light(tmp_path: Path) -> None:
    data = write_voices(tmp_path / "data")
    encoder = ROOT / "models" / "weights" / "fetched" / "whisper_tiny_en"
    more = ["--encoder", str(encoder)]
    train("voice_light", data, tmp_path / "out", *more)
    assert len(Net.load(tmp_path / "out" / "voice_emotion_light.tflite").outputs) == 1
    figures = tmp_path / "out" / "voice_emotion_light.json"
    assert set(json.loads(figures.read_text("utf-8"))["chosen_on"]["corpus_left_out"]) == {
        "emodb",
        "ravdess",
    }
    train("voice_light", data, tmp_path / "out", *more, "--shipped")
    entry = load_catalog().entry("voice_emotion_light")
    assert json.loads(figures.read_text("utf-8"))["sha256"] == entry.sha256
