"""The parts of the voice training that run without torch: files in, sounds out, splits."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.catalog import load_catalog
from models.runtime import Net
from models.training import voice_augment, voice_card
from models.training.voice_ctranslate2 import read_weights
from models.training.voice_data import CLASSES, FOLDS, REPORTED, read_clips, read_sound
from models.training.voice_embed import Embedder
from models.voice_emotion import window_logits

pytestmark = pytest.mark.slow

TONE = (0.1 * np.sin(np.arange(24_000) * 0.05)).astype(np.float32)


def test_reads_the_format_of_ctranslate2(tmp_path: Path) -> None:
    weight = np.arange(6, dtype="<f2").reshape(2, 3)
    path = model_file(
        tmp_path / "model.bin",
        {"encoder/conv1/weight": weight, "decoder/other": weight, "encoder/scalar": np.int16(6)},
    )
    wheel = tmp_path / "some.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(path, "package/model/model.bin")
    for source in (path, tmp_path, wheel):
        found = read_weights(source)
        assert list(found) == ["encoder/conv1/weight"]
        assert found["encoder/conv1/weight"].dtype == np.float32
        assert np.array_equal(found["encoder/conv1/weight"], weight)


def test_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no model\.bin"):
        read_weights(tmp_path)
    path = model_file(tmp_path / "model.bin", {"encoder/a": np.ones(3, "<f4")})
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    with pytest.raises(ValueError, match="ends early"):
        read_weights(path)
    path.write_bytes(struct.pack("<I", 9) + whole[4:])
    with pytest.raises(ValueError, match="version 9"):
        read_weights(path)


def test_splits_by_speaker(tmp_path: Path) -> None:
    speakers = [f"s{number:02}" for number in range(12)] + sorted(REPORTED)[:2]
    write_corpus(tmp_path / "one", speakers)
    clips = read_clips(tmp_path)
    assert len(clips) == len(speakers) * len(CLASSES)
    folds = {clip.speaker: {other.fold for other in clips if other.speaker == clip.speaker}
             for clip in clips}  # fmt: skip
    assert all(len(found) == 1 for found in folds.values())
    assert {clip.speaker for clip in clips if clip.reported} == set(speakers[12:])
    assert {clip.fold for clip in clips} == set(range(FOLDS))
    for fold in range(FOLDS):
        assert {clip.gender for clip in clips if clip.fold == fold} == {"F", "M"}
    assert len(read_clips(tmp_path, limit_per_speaker=2)) == 2 * len(speakers)
    assert read_sound(clips[0].path).shape == TONE.shape


def test_leaves_out_what_gives_itself_away(tmp_path: Path) -> None:
    write_corpus(tmp_path / "one", ["s1"])
    table = tmp_path / "one" / "labels.csv"
    rows = table.read_text().splitlines()
    table.write_text(
        "\n".join([*rows, "s1_fear.ogg,fear,s1,F,cropped-2s-22k", "x,boredom,s1,F,full"])
    )
    assert len(read_clips(tmp_path)) == len(CLASSES)
    with pytest.raises(FileNotFoundError):
        read_clips(tmp_path / "one")


@pytest.mark.parametrize("seed", range(12))
def test_augmented_sound_is_sound_and_repeatable(seed: int) -> None:
    others = [np.roll(TONE, 500), TONE[::-1].copy()]
    first, second = (
        voice_augment.augment(TONE, np.random.default_rng(seed), others) for _ in range(2)
    )
    assert np.array_equal(first, second)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    assert 0.8 * TONE.size < first.size < 2.0 * TONE.size
    assert first.std() > 0


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 20.0])
def test_noise_has_the_ratio_asked_for(snr_db: float) -> None:
    noise = voice_augment.coloured(np.random.default_rng(0), TONE.size, 1.0)
    added = voice_augment.add_noise(TONE, noise, snr_db) - TONE
    assert 20 * np.log10(TONE.std() / added.std()) == pytest.approx(snr_db, abs=0.2)


def test_what_is_embedded_is_what_is_kept(tmp_path: Path) -> None:
    write_corpus(tmp_path / "one", ["s1", "s2"])
    clips = read_clips(tmp_path)
    catalog = load_catalog()
    file = catalog.path("voice_emotion_light")
    embedder = Embedder(file, clips, tmp_path / "cache", 0)
    net = Net.load(file)
    clean, owners = embedder.windows()
    assert owners.tolist() == list(range(len(clips)))
    again = np.stack([window_logits(net, read_sound(clip.path)) for clip in clips])
    assert again == pytest.approx(clean, abs=0.01)
    disturbed = embedder.augmented("train0")
    assert disturbed.shape == clean.shape
    assert not np.array_equal(disturbed, clean)
    # A second run takes what is kept, and a lost file comes out as it was.
    kept = tmp_path / "cache" / "train0.npy"
    np.save(kept, np.zeros_like(disturbed))
    second = Embedder(file, clips, tmp_path / "cache", 0)
    assert not second.augmented("train0").any()
    kept.unlink()
    assert np.array_equal(second.augmented("train0"), disturbed)


def test_figures_go_into_the_card_and_nowhere_else(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    marked = f"{voice_card._BEGIN}\nof before\n{voice_card._END}"
    card.write_text(f"# model\n\n{marked}\n\nMore.\n")
    voice_card.write_card(card, voice_card.figures_text(TOLD))
    text = card.read_text()
    assert text.startswith("# model\n\n")
    assert text.endswith("\n\nMore.\n")
    assert "of before" not in text
    assert "| EmoDB | 3 | 0.500 | 0.400-0.600 |" in text
    assert "| nEMO, never heard | 3 |" in text
    assert "All of nEMO was never heard." in text
    assert "**In noise**, the recipe on RAVDESS, which was never heard." in text
    assert "**In noise**, this file on RAVDESS." in text
    heard = voice_card.figures_text(TOLD | {"learnt": ["emodb", "ravdess"]})
    assert "**In noise**, the recipe on RAVDESS, cross-validated." in heard
    card.write_text("# model\n")
    with pytest.raises(ValueError, match="marks"):
        voice_card.write_card(card, "")


FIGURES = {
    "n": 3,
    "uar": 0.5,
    "uar_95": (0.4, 0.6),
    "by_gender": {"F": 0.5},
    "accuracy": 0.5,
    "macro_f1": 0.5,
    "ece": 0.05,
    "arousal_auc": 0.9,
    "confusion": [[2, 1], [0, 0]],
}
TOLD = {
    "bytes": 1000,
    "sha256": "ab",
    "temperature": 1.0,
    "classes": ["neutral", "anger"],
    "learnt": ["emodb"],
    "copies": 2,
    "seed": 0,
    "folds": [["emo03"], ["emo08"]],
    "reported_speakers": ["emo03"],
    "chosen_on": {
        "corpora": {"emodb": FIGURES, "nemo": FIGURES},
        "noise": {"white10": {"uar": 0.5, "confidence": 0.5, "ece": 0.1}},
    },
    "reported": {"emodb": FIGURES, "nemo": FIGURES},
    "reported_noise": {"white10": {"uar": 0.5, "confidence": 0.5, "ece": 0.1}},
}


def model_file(path: Path, variables: dict[str, NDArray[np.generic] | np.generic]) -> Path:
    """Write what CTranslate2 writes."""
    kinds = {"f4": 0, "i2": 2, "f2": 4}
    data = [struct.pack("<I", 6), text("WhisperSpec"), struct.pack("<II", 3, len(variables))]
    for name, value in variables.items():
        array = np.asarray(value)
        raw = array.tobytes()
        data += [text(name), struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)]
        data += [struct.pack("<BI", kinds[array.dtype.str[1:]], len(raw)), raw]
    path.write_bytes(b"".join(data))
    return path


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def write_corpus(folder: Path, speakers: list[str]) -> None:
    folder.mkdir()
    rows = ["file,label,group,gender,variant"]
    for number, speaker in enumerate(speakers):
        for label in CLASSES:
            name = f"{speaker}_{label}.ogg"
            soundfile.write(folder / name, TONE, 16_000)
            rows.append(f"{name},{label},{speaker},{'FM'[number % 2]},full")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
