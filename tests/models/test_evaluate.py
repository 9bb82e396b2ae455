import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from models.catalog import load_catalog
from models.errors import DataError, WeightsError
from models.evaluate import evaluate
from models.evaluate_data import read_samples
from models.evaluate_senses import read_sound
from models.types import EMOTIONS, Emotion
from models.voice_emotion import VoiceEmotion

pytestmark = pytest.mark.slow

TEXTS = [
    ("I love this, thank you so much", "happy", "ann"),
    ("this is the best day ever", "joy", "ann"),
    ("I miss her and cannot stop crying", "sad", "ann"),
    ("you idiot, I hate you", "Angry", "ben"),
    ("I am terrified of spiders", "fear", "ben"),
    ("the train leaves at nine", "calm", "cid"),
    ("the shop is next to the station", "neutral", "cid"),
]


def write(folder: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return folder


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    return write(tmp_path, ("text", "label", "group"), TEXTS)


def test_text_report_has_every_figure(texts: Path) -> None:
    report = evaluate("text", texts)
    plain = report.to_json()
    assert report.n == 7
    assert report.groups == 3
    assert report.unread == 0
    assert report.accuracy is not None
    assert report.accuracy >= 6 / 7
    assert plain["model"] == "text_emotion"
    assert plain["sha256"] == load_catalog().entry("text_emotion").sha256
    assert set(plain["recall"]) == {"anger", "fear", "happiness", "neutral", "sadness"}
    assert plain["uar"] == pytest.approx(np.mean(list(plain["recall"].values())))
    assert 0 <= plain["ece"] <= 1
    assert 0.5 < plain["ms_p50"] < 500
    low, high = plain["intervals"]["accuracy"]
    assert low <= report.accuracy <= high
    assert any("accuracy" in line for line in report.lines())


def test_the_choice_can_be_restricted(texts: Path) -> None:
    report = evaluate("text", texts, labels=["happy", "sad"])
    assert report.labels == ("happiness", "sadness")
    assert report.n == 3
    assert report.left_out == {"angry": 1, "fear": 1, "calm": 1, "neutral": 1}
    assert report.accuracy == 1.0


def test_labels_that_are_none_of_ours_are_counted_by_name(tmp_path: Path) -> None:
    rows = [("I am so happy", "happy"), ("whatever", "boredom"), ("meh", "boredom")]
    report = evaluate("text", write(tmp_path, ("text", "label"), rows))
    assert report.n == 1
    assert report.left_out == {"boredom": 2}


def test_texts_with_nothing_to_read_count_as_wrong(tmp_path: Path) -> None:
    rows = [("I am so happy, I love it", "happy"), ("   ", "happy")]
    report = evaluate("text", write(tmp_path, ("text", "label"), rows))
    assert report.unread == 1
    assert report.accuracy == 0.5


def test_goemotions_names_give_the_multilabel_figures(tmp_path: Path) -> None:
    rows = [
        ("thank you so much, I love it", "gratitude|love"),
        ("I love you", "love"),
        ("I am so angry right now", "anger"),
        ("the meeting is on Tuesday", "neutral"),
    ]
    report = evaluate("text", write(tmp_path, ("text", "label"), rows))
    assert set(report.multilabel) == {"macro_f1_28", "macro_f1_7", "macro_f1_4"}
    # 24 of 28 names occur nowhere: they count as 0, as the macro average wants.
    assert 0 < report.multilabel["macro_f1_28"] <= 4 / 28
    assert report.multilabel["macro_f1_4"] <= 3 / 4
    assert report.accuracy == 1.0


def test_ratings_give_correlations(tmp_path: Path) -> None:
    rows = [
        ("I am so happy, what a wonderful day", 4.5, 4),
        ("the chair is made of wood", 3, 2),
        ("he was killed in a terrible accident", 1.2, ""),
    ]
    report = evaluate("text", write(tmp_path, ("text", "valence", "arousal"), rows))
    assert report.accuracy is None
    assert report.correlation["valence"] > 0.8
    assert report.correlation["arousal"] == pytest.approx(1.0)
    assert "dominance" not in report.correlation


def test_altered_weights_are_refused(texts: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    source = load_catalog().path("text_emotion")
    shutil.copy(source, own)
    with (own / source.name).open("r+b") as file:
        file.seek(source.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(WeightsError, match="has sha256"):
        evaluate("text", texts, catalog=load_catalog(own=own))


@pytest.mark.parametrize(
    ("header", "rows", "problem"),
    [
        (("words", "label"), [("hi", "happy")], "needs the columns text and label"),
        (("text",), [("hi",)], "needs the columns"),
        (("text", "label"), [], "has no rows"),
        (("text", "label"), [("hi", "boredom")], "no row with a label out of"),
        (("text", "label"), [("hi", "happy"), ("ho",)], "line 3: not as many columns"),
        (("text", "valence"), [("hi", "high")], "line 2: 'high' is no number"),
        (("text", "valence"), [("hi", "0.5"), ("ho", "nan")], "line 3: 'nan' is no number"),
        (("text", "valence"), [("hi", "-inf")], "line 2: '-inf' is no number"),
    ],
)
def test_a_wrong_label_file_is_named(
    tmp_path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], problem: str
) -> None:
    with pytest.raises(DataError, match=problem):
        read_samples(write(tmp_path, header, rows), "text", EMOTIONS)


def test_a_folder_or_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        evaluate("text", tmp_path)
    write(tmp_path, ("file", "label"), [("away.png", "happy")])
    with pytest.raises(DataError, match=r"line 2: away.png is not there"):
        evaluate("face", tmp_path)


def test_unknown_kinds_and_labels_are_refused(texts: Path) -> None:
    with pytest.raises(DataError, match="none of face, voice, text"):
        evaluate("smell", texts)
    with pytest.raises(DataError, match="choose from anger"):
        evaluate("text", texts, labels=["happy", "boredom"])


def test_label_files_of_spreadsheets_are_read(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes('\ufefftext,label\r\n"a, ""b""",Happy\r\n'.encode())
    (row,) = read_samples(tmp_path, "text", EMOTIONS).rows
    assert row.source == 'a, "b"'
    assert row.label is Emotion.HAPPINESS


def test_ready_crops_are_classified(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, shape in (("grey.png", (48, 48)), ("colour.png", (96, 80, 3))):
        cv2.imwrite(str(tmp_path / name), rng.integers(0, 255, shape, np.uint8))
    write(tmp_path, ("file", "label"), [("grey.png", "happy"), ("colour.png", "sad")])
    report = evaluate("face", tmp_path, cropped=True)
    assert (report.n, report.unread, report.model) == (2, 0, "face_emotion")


def test_a_picture_without_a_face_counts_as_wrong(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((240, 320, 3), 128, np.uint8))
    write(tmp_path, ("file", "label"), [("wall.png", "happy")])
    report = evaluate("face", tmp_path)
    assert (report.unread, report.accuracy, report.ece) == (1, 0.0, None)


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "torn.png").write_bytes(b"\x89PNG not really")
    write(tmp_path, ("file", "label"), [("torn.png", "happy")])
    with pytest.raises(DataError, match=r"torn.png is no picture"):
        evaluate("face", tmp_path, cropped=True)


def test_voices_of_any_rate_and_format_are_classified(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, rate in (("a.wav", 16_000), ("b.ogg", 48_000), ("c.flac", 22_050)):
        soundfile.write(tmp_path / name, rng.normal(0, 0.1, (2 * rate, 2)), rate)
    rows = [("a.wav", "angry", "x"), ("b.ogg", "sad", "x"), ("c.flac", "happy", "y")]
    report = evaluate("voice", write(tmp_path, ("file", "label", "group"), rows))
    assert (report.n, report.groups, report.unread, report.model) == (3, 2, 0, "voice_emotion")
    assert {sum(said) for said in report.confusion} <= {0, 1}
    assert evaluate("voice", tmp_path, groups=["x"]).n == 2
    with pytest.raises(DataError, match="no row has the group z"):
        evaluate("voice", tmp_path, groups=["x", "z"])
    with pytest.raises(DataError, match="voice_emotion_open"):
        evaluate("voice", tmp_path, model="text_emotion")


def test_voices_are_told_roused_or_calm(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = ("angry", "sad", "fear", "neutral", "happy")
    rows, roused, calm = [], list[float](), list[float]()
    emotion = VoiceEmotion(load_catalog())
    for number, label in enumerate(labels):
        time = np.arange(32_000) / 16_000
        tone = 0.2 * np.sin(2 * np.pi * (120 + 60 * number) * time * (1 + 0.02 * np.sin(5 * time)))
        soundfile.write(tmp_path / f"{label}.wav", tone + rng.normal(0, 0.01, 32_000), 16_000)
        rows.append((f"{label}.wav", label))
        said = emotion.classify(read_sound(tmp_path / f"{label}.wav"))
        chance = sum(said[EMOTIONS.index(Emotion(one))] for one in ("anger", "fear", "happiness"))
        (calm if label in {"sad", "neutral"} else roused).append(chance)
    report = evaluate("voice", write(tmp_path, ("file", "label"), rows))
    assert report.arousal_auc == np.mean([one > other for one in roused for other in calm])
    assert f"arousal AUC {report.arousal_auc:.3f}" in report.lines()
    assert evaluate("voice", tmp_path, labels=["angry", "fear"]).arousal_auc is None
    assert evaluate("voice", tmp_path, labels=["sad", "neutral"]).arousal_auc is None


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_sounds_are_brought_to_16_khz_mono(tmp_path: Path, rate: int) -> None:
    seconds = np.arange(rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * 440 * seconds)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, tone], 1), rate, subtype="FLOAT")
    heard = read_sound(tmp_path / "tone.wav")
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert heard.dtype == np.float32
    assert heard == pytest.approx(expected, abs=1e-3)


def test_a_broken_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "torn.wav").write_bytes(b"RIFF....WAVE")
    with pytest.raises(DataError, match=r"torn.wav is no sound"):
        read_sound(tmp_path / "torn.wav")
    hole = np.array([0.0, np.nan, 0.0], np.float32)
    soundfile.write(tmp_path / "hole.wav", hole, 16_000, subtype="FLOAT")
    with pytest.raises(DataError, match=r"hole.wav is no sound"):
        read_sound(tmp_path / "hole.wav")
