"""How each sense reads one file or text during an evaluation."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import soundfile
from numpy.typing import NDArray

from models.catalog import Catalog
from models.errors import DataError
from models.face_align import align, as_crop
from models.face_emotion import FaceEmotion
from models.face_look import FaceFinder
from models.text_emotion import MODEL_ID as TEXT_MODEL
from models.text_emotion import TextCalibration, TextEmotion
from models.text_types import FAMILIES, SENTIMENTS, TEXT_LIMIT
from models.voice_emotion import LIGHT_MODEL as VOICE_LIGHT_MODEL
from models.voice_emotion import MODEL as VOICE_MODEL
from models.voice_emotion import OPEN_MODEL as VOICE_OPEN_MODEL
from models.voice_emotion import VoiceEmotion

SAMPLE_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Grain:
    """One way to group GoEmotions' names: the names of each class, and which classes passed."""

    members: tuple[frozenset[str], ...]
    passed: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of one sample; `probabilities` follow EMOTIONS."""

    probabilities: tuple[float, ...]
    ratings: tuple[float, ...] = ()
    grains: Mapping[str, Grain] = field(default_factory=dict)


class Reader(Protocol):
    """Reads samples of one kind."""

    def prepare(self, source: str) -> Any:
        """Read the file into memory; not timed. Raises DataError."""
        ...

    def answer(self, prepared: Any) -> Answer | None:
        """Run the model; None when there is nothing to read."""
        ...


@dataclass(frozen=True, slots=True)
class Sense:
    """The catalog ids that a sense uses (its classifier first), and how to make its reader.

    `instead` are other classifiers that the configuration may choose.
    """

    models: tuple[str, ...]
    reader: Callable[[Catalog, bool, str], Reader]
    instead: tuple[str, ...] = ()


class _Faces:
    """Pictures of people; the largest face counts."""

    def __init__(self, catalog: Catalog, cropped: bool, _model: str) -> None:
        self._emotion = FaceEmotion(catalog)
        self._finder = None if cropped else FaceFinder(catalog)
        self._now_s = 0.0

    def prepare(self, source: str) -> NDArray[np.uint8]:
        image = cv2.imread(source, cv2.IMREAD_COLOR)
        if image is None:
            raise DataError(f"{Path(source).name} is no picture that can be read")
        return np.asarray(image, np.uint8)

    def answer(self, prepared: NDArray[np.uint8]) -> Answer | None:
        crop = as_crop(prepared) if self._finder is None else self._find(self._finder, prepared)
        if crop is None:
            return None
        return Answer(tuple(float(p) for p in self._emotion.classify_crop(crop)))

    def _find(self, finder: FaceFinder, image: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        # The search for far faces looks at one end of the picture at a time: look twice.
        for _ in range(2):
            self._now_s += 60.0
            faces = finder.find(image, (), self._now_s)
            if faces:
                largest = max(faces, key=lambda face: face.box[2] * face.box[3])
                crop = align(image, largest)
                return None if crop is None else crop.gray
        return None


class _Voices:
    """Clips of speech of any length; the clip is taken to be speech."""

    def __init__(self, catalog: Catalog, _cropped: bool, model: str) -> None:
        self._emotion = VoiceEmotion(catalog, model=model)

    def prepare(self, source: str) -> NDArray[np.float32]:
        return read_sound(Path(source))

    def answer(self, prepared: NDArray[np.float32]) -> Answer | None:
        return Answer(self._emotion.classify(prepared)) if prepared.size else None


class _Texts:
    def __init__(self, catalog: Catalog, _cropped: bool, _model: str) -> None:
        self._emotion = TextEmotion(catalog)

    def prepare(self, source: str) -> str:
        return source[:TEXT_LIMIT]

    def answer(self, prepared: str) -> Answer | None:
        scores = self._emotion.scores(prepared)
        if scores is None:
            return None
        calibration = self._emotion.calibration
        probabilities = calibration.probabilities(scores.logits)
        return Answer(
            tuple(float(p) for p in calibration.emotions(calibration.families(probabilities))),
            tuple(float(rating) for rating in scores.vad),
            {
                str(len(groups)): Grain(
                    tuple(frozenset(group) for group in groups),
                    tuple(bool(p) for p in calibration.any_of(probabilities, groups) >= thresholds),
                )
                for groups, thresholds in _grains(calibration)
            },
        )


def _grains(
    calibration: TextCalibration,
) -> tuple[tuple[Collection[Collection[str]], NDArray[np.float64]], ...]:
    return (
        ([(label,) for label in calibration.labels], calibration.thresholds),
        (FAMILIES.values(), calibration.family_thresholds),
        (SENTIMENTS.values(), calibration.sentiment_thresholds),
    )


SENSES: Mapping[str, Sense] = {
    "face": Sense(("face_emotion", "blazeface_short", "blazeface_full"), _Faces),
    "voice": Sense((VOICE_MODEL,), _Voices, (VOICE_OPEN_MODEL, VOICE_LIGHT_MODEL)),
    "text": Sense((TEXT_MODEL,), _Texts),
}


def read_sound(path: Path) -> NDArray[np.float32]:
    """Return a sound file as 16 kHz mono in [-1, 1]; raises DataError when it cannot be read."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as err:
        raise DataError(f"{path.name} is no sound that can be read ({err})") from err
    if not np.isfinite(samples).all():
        raise DataError(f"{path.name} is no sound that can be read (it holds what is no number)")
    return resample(np.asarray(samples.mean(axis=1), np.float32), int(rate))


def resample(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Bring a whole clip to 16 kHz by cutting or padding its spectrum; keeps its length in time."""
    if rate == SAMPLE_RATE_HZ or samples.size == 0:
        return samples
    size = max(1, round(samples.size * SAMPLE_RATE_HZ / rate))
    spectrum = np.fft.rfft(samples)[: size // 2 + 1]
    return np.asarray(np.fft.irfft(spectrum, size) * (size / samples.size), np.float32)
