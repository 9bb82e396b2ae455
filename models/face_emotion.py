"""What a face shows: the expression net on an aligned crop, calibrated.

Trained by `models.training.face` on FER+ votes; see the card face_emotion.md. The probabilities
say how often people would choose each label for this picture, not what the person feels.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalog import Catalog
from models.face_align import SIDE
from models.runtime import Net

MODEL = "face_emotion"


class FaceEmotion:
    """The expression net; belongs to the thread that calls it first."""

    def __init__(self, catalog: Catalog, threads: int = 1) -> None:
        """Load the net; raises WeightsError."""
        entry = catalog.entry(MODEL)
        self._net = Net.load(catalog.path(MODEL), threads)
        self._temperature = np.float32(entry.number("temperature"))
        self._bias = np.array(entry.numbers("bias"), np.float32)

    def classify_crop(self, gray48: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities [8] in EMOTIONS order for a uint8 [48, 48] crop.

        Raises ValueError for another shape or dtype (`face_align.as_crop` makes one).
        """
        return self._calibrated(logits(self._net, _checked(gray48)))

    def classify_view(self, gray48: NDArray[np.uint8], *, mirrored: bool) -> NDArray[np.float32]:
        """Probabilities of the crop or of its mirror image alone, for half the time.

        Over several frames of a face the average of both sides is worth what `classify_crop` says.
        """
        crop = standardise(_checked(gray48), self._net.inputs[0].shape[1])
        return self._calibrated(_view(self._net, crop, mirrored=mirrored))

    def _calibrated(self, said: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = said / self._temperature + self._bias
        raised = np.exp(scaled - scaled.max())
        return np.asarray(raised / raised.sum(), np.float32)


def logits(net: Net, gray48: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scores [8] of a uint8 [48, 48] crop: the mean over the crop and its mirror image.

    The net answers a little differently to either; the mean is wrong less often.
    """
    crop = standardise(gray48, net.inputs[0].shape[1])
    both = [_view(net, crop, mirrored=mirrored) for mirrored in (False, True)]
    return np.asarray((both[0] + both[1]) / 2, np.float32)


def _view(net: Net, crop: NDArray[np.float32], *, mirrored: bool) -> NDArray[np.float32]:
    """Scores [8] of a standardised crop as it is, or seen in a mirror."""
    view = np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop
    return np.asarray(net(view[None, :, :, None])[0][0], np.float32)


def _checked(gray48: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if gray48.dtype != np.uint8 or gray48.shape != (SIDE, SIDE):
        raise ValueError(f"a crop is uint8 [48, 48]; got {gray48.dtype} {gray48.shape}")
    return gray48


def standardise(gray48: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Bring a crop to the net's side and light: mean 0, deviation 1, clipped at 4, as in training.

    The 2 grey levels added to the deviation keep a nearly flat crop from becoming pure noise.
    """
    crop = gray48.astype(np.float32)
    if side != len(crop):
        resized = cv2.resize(crop, (side, side), interpolation=cv2.INTER_LINEAR)
        crop = np.asarray(resized, np.float32)
    scaled = (crop - crop.mean()) / (crop.std() + np.float32(2))
    return np.asarray(np.clip(scaled, -4, 4), np.float32)
