"""A demonstration camera: a real photograph of a face, moved, scaled and lit as a person moves.

The photograph comes with an installed package: Eileen Collins by NASA (scikit-image's
`astronaut`), else Grace Hopper by the U.S. Navy (matplotlib's sample); both are in the public
domain. What it shows is a function of seed and time alone. Now and then the person leaves the
picture for some seconds, so that finding, losing and finding again are seen.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.media import Frame
from drivers.source import CameraStats, Source, SourceUnavailable, StateCallback

Image = NDArray[np.uint8]

ROUND_S = 40.0
"""The person is there for most of each round, and away at its end."""
AWAY_S = 6.0
WALK_S = 1.5
"""How long the person takes to walk out of the picture, and in again."""

_SLACK = 64
_WALL_BGR = (96, 108, 116)


@dataclass(frozen=True, slots=True)
class _Photograph:
    """A picture in a package, and the face in it: centre and height in pixels."""

    package: str
    path: str
    face_x: float
    face_y: float
    face_height: float


_PHOTOGRAPHS = (
    _Photograph("skimage", "data/astronaut.png", 222, 115, 130),
    _Photograph("matplotlib", "mpl-data/sample_data/grace_hopper.jpg", 252, 205, 230),
)


_PERIODS_S = (17.0, 11.0, 7.3, 23.0, 5.9, 13.0, 29.0, 3.1)
"""Of size, turn (twice), place (thrice) and light (twice); no two in a simple ratio."""


class DemoScene:
    """What the demonstration camera sees at any moment.

    Raises SourceUnavailable when neither photograph is installed.
    """

    def __init__(self, width: int, height: int, seed: int = 1) -> None:
        self._size = (width, height)
        self._photograph, self._image = _load()
        random = np.random.default_rng(seed)
        self._phases = random.uniform(0, 2 * math.pi, len(_PERIODS_S))
        # Grain of a sensor, larger than the picture so that each frame takes another part of it.
        grain = random.normal(0, 2.5, (height + _SLACK, width + _SLACK)).astype(np.int16)
        self._grain = np.ascontiguousarray(np.broadcast_to(grain[..., None], (*grain.shape, 3)))

    def present(self, at_s: float) -> bool:
        """Return True while the person is where they stay, not walking or away."""
        return _away(at_s) == 0

    def picture(self, at_s: float) -> Image:
        """Return the picture at `at_s` seconds: uint8 BGR, new each time."""
        width, height = self._size
        sway = np.sin(2 * math.pi * at_s / np.array(_PERIODS_S) + self._phases)
        # The face takes between a fifth and two fifths of the picture's height.
        scale = height * (0.31 + 0.08 * sway[0]) / self._photograph.face_height
        turn = math.radians(5 * sway[1] + 3 * sway[2])
        x = width * (0.5 + 0.12 * sway[3] + 0.04 * sway[4] + 1.4 * _away(at_s))
        y = height * (0.42 + 0.06 * sway[5])
        picture = cv2.warpAffine(
            self._image,
            self._placing(x, y, scale, turn),
            self._size,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=_WALL_BGR,
        )
        lit = cv2.convertScaleAbs(picture, alpha=0.85 + 0.25 * sway[6] + 0.08 * sway[7])
        step = round(at_s * 1000)
        top, left = step * 31 % _SLACK, step * 17 % _SLACK
        grain = self._grain[top : top + height, left : left + width]
        return np.asarray(cv2.add(lit, grain, dtype=cv2.CV_8U), np.uint8)

    def _placing(self, x: float, y: float, scale: float, turn: float) -> NDArray[np.float64]:
        """Return the affine map that puts the face's centre at x, y."""
        cos, sin = scale * math.cos(turn), scale * math.sin(turn)
        face_x, face_y = self._photograph.face_x, self._photograph.face_y
        return np.array(
            [
                [cos, sin, x - cos * face_x - sin * face_y],
                [-sin, cos, y + sin * face_x - cos * face_y],
            ]
        )


class DemoCamera(Source):
    """A camera that shows DemoScene at the set rate; arguments as for drivers.camera.Camera.

    The scene moves by the frame, not by the clock: the n-th picture at a given rate is always the
    same. `start()` raises SourceUnavailable when no photograph is installed.
    """

    simulated = True

    def __init__(
        self,
        source: str,
        width: int,
        height: int,
        max_fps: float,
        slot: Callable[[Frame], None],
        on_state: StateCallback,
        *,
        seed: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("camera", source, on_state)
        self._size = (width, height)
        self._max_fps = self._fps = max_fps
        self._slot = slot
        self._seed = seed
        self._clock = clock
        self._delivered = 0

    def set_rate(self, fps: float) -> None:
        """See Camera.set_rate."""
        self._fps = min(max(fps, 1.0), self._max_fps)

    def stats(self) -> CameraStats:
        """See Camera.stats."""
        return CameraStats(self._delivered, self._delivered, 0, min(1, self._delivered), 0)

    def _prepare(self) -> None:
        self._scene = DemoScene(*self._size, self._seed)

    def _session(self) -> None:
        at_s = 0.0
        due_s = self._clock()
        while not self._stopping.is_set():
            self._delivered += 1
            self._arrived()
            frame = Frame(self.source, self._scene.picture(at_s), self._clock(), self._delivered)
            self._slot(frame)
            period_s = 1 / self._fps
            at_s += period_s
            due_s = max(due_s + period_s, self._clock())
            self._stopping.wait(due_s - self._clock())


def _away(at_s: float) -> float:
    """Return 0 while the person is there, 1 while away, between them while walking."""
    left_s = ROUND_S - at_s % ROUND_S
    out = (AWAY_S + 2 * WALK_S - left_s) / WALK_S
    back = left_s / WALK_S
    share = max(0.0, min(1.0, out, back))
    return share * share * (3 - 2 * share)


def _load() -> tuple[_Photograph, Image]:
    """Find a photograph without importing its package, which would cost tens of megabytes."""
    for photograph in _PHOTOGRAPHS:
        spec = find_spec(photograph.package)
        for folder in (spec and spec.submodule_search_locations) or ():
            image = cv2.imread(str(Path(folder) / photograph.path), cv2.IMREAD_COLOR)
            if image is not None:
                return photograph, np.asarray(image, np.uint8)
    raise SourceUnavailable(
        "no photograph for the demonstration is installed",
        "install the extra `demo` (scikit-image): pip install 'moodsync-hub[demo]'",
    )
