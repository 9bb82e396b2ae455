"""Made-up data in the trainings' layouts: enough rows for a smoke run, and nothing to learn."""

import csv
from pathlib import Path

import numpy as np
import soundfile

EMOTIONS = [
    "admiration",
    "amusement",
    "anger",
    "annoyance",
    "approval",
    "caring",
    "confusion",
    "curiosity",
    "desire",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "excitement",
    "fear",
    "gratitude",
    "grief",
    "joy",
    "love",
    "nervousness",
    "optimism",
    "pride",
    "realization",
    "relief",
    "remorse",
    "sadness",
    "surprise",
    "neutral",
]

KINDS = ("amazonReviewSnippets", "movieReviewSnippets", "nytEditorialSnippets", "tweets")


def write_texts(folder: Path, rows: int = 3600, seed: int = 0) -> Path:
    """Write GoEmotions, EmoBank and VADER as their makers lay them out."""
    rng = np.random.default_rng(seed)
    words = [f"{a}{b}" for a in ("sun", "rain", "home", "work", "dog") for b in ("", "s", "y")]

    def text() -> str:
        return " ".join(rng.choice(words, int(rng.integers(2, 9))))

    original = folder / "goemotions" / "original"
    original.mkdir(parents=True)
    (original / "labels.txt").write_text("\n".join(EMOTIONS), "utf-8")
    for part, count in (("train", rows), ("dev", rows // 3)):
        lines = [f"{text()}\t{int(rng.integers(len(EMOTIONS)))}\tid{n}" for n in range(count)]
        (original / f"{part}.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "emobank").mkdir()
    with (folder / "emobank" / "emobank_train_dev.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "split", "V", "A", "D", "text"])
        for n in range(rows):
            rated = [f"{value:.2f}" for value in rng.normal(3.0, 0.3, 3)]
            table.writerow([n, "train" if n % 3 else "dev", *rated, text()])
    (folder / "vader").mkdir()
    for kind in KINDS:
        lines = [f"{n}\t{rng.normal(0, 1.5):.3f}\t{text()}" for n in range(rows // 6)]
        path = folder / "vader" / f"{kind}_GroundTruth.txt"
        path.write_text("\n".join(lines) + "\n", "latin-1")
    return folder


def write_faces(folder: Path, count: int = 2600, seed: int = 0) -> Path:
    """Write grey pictures with FER+ votes; the label is how bright the picture is."""
    rng = np.random.default_rng(seed)
    names = [
        "neutral",
        "happiness",
        "surprise",
        "sadness",
        "anger",
        "disgust",
        "fear",
        "contempt",
        "unknown",
        "NF",
    ]
    labels = rng.integers(0, 8, count)
    images = (rng.integers(0, 60, (count, 48, 48)) + 24 * labels[:, None, None]).astype(np.uint8)
    votes = np.zeros((count, len(names)), np.uint8)
    votes[np.arange(count), labels] = 10
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / "face_expr_dev.npz",
        images=images,
        votes=votes,
        split=(np.arange(count) % 10 == 0).astype(np.uint8),
        in_valid=np.zeros(count, bool),
        vote_classes=np.array(names),
    )
    return folder


def write_voices(folder: Path, seed: int = 0) -> Path:
    """Write two corpora of ten people; a clip is a tone, its pitch by person and label."""
    rng = np.random.default_rng(seed)
    labels = ("neutral", "happiness", "sadness", "anger", "fear")
    for corpus, people in {
        "emodb": [f"emo{number:02}" for number in range(5, 15)],
        "ravdess": [f"rav{number:02}" for number in range(10, 20)],
    }.items():
        (folder / corpus).mkdir(parents=True)
        with (folder / corpus / "labels.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["file", "label", "group", "gender"])
            for number, person in enumerate(people):
                for turn in range(2):
                    label = (number + turn) % len(labels)
                    time = np.arange(int(rng.integers(24_000, 56_000))) / 16_000
                    tone = np.sin(2 * np.pi * (110 + 15 * number + 40 * label) * time)
                    sound = 0.2 * tone + 0.02 * rng.standard_normal(time.size)
                    name = f"{person}-{turn}.wav"
                    soundfile.write(folder / corpus / name, sound, 16_000)
                    table.writerow([name, labels[label], person, "fm"[number % 2]])
    return folder
