"""Pictures to face readings: a newest-frame slot a camera, and what the vision thread does."""

import threading
import time
from collections.abc import Callable, Sequence

from drivers.media import Frame
from hub.sense.durations import Durations
from hub.sense.messages_from_sense import Face
from hub.sense.messages_to_sense import CameraSetup
from hub.sense.outbox import Outbox
from hub.sense.sight_rate import SightRate
from hub.sense.wire_reading import WireReading
from models.catalog import load_catalog
from models.face import FacePipeline
from models.face_emotion import MODEL
from models.face_gate import FaceGate
from models.types import Sense


class _Eye:
    """What belongs to one camera: tracks, movement and rate are its own."""

    def __init__(self, camera: CameraSetup, pipeline: FacePipeline) -> None:
        self.pipeline = pipeline
        self.movement = FaceGate()
        self.rate = SightRate(camera.max_fps)

    def moved(self, frame: Frame) -> bool:
        """Tell whether the picture differs from the last one, however that was looked at."""
        moved = self.movement.wants(frame.image, frame.monotonic_s)
        self.movement.looked(frame.image, frame.monotonic_s, found=False)
        return moved


class Vision:
    """The face part of the sensing process (a Part for Worker).

    `offer` is for the cameras' threads. A newer frame replaces one that still waits: what is seen
    late is of no use. `set_rate` passes a wanted rate to a camera.
    """

    sense = Sense.FACE

    def __init__(
        self,
        cameras: Sequence[CameraSetup],
        threads: int,
        outbox: Outbox,
        set_rate: Callable[[str, float], None],
    ) -> None:
        self._cameras = {camera.source: camera for camera in cameras}
        self._threads = threads
        self._outbox = outbox
        self._set_rate = set_rate
        self._eyes: dict[str, _Eye] = {}
        self._slots: dict[str, Frame] = {}
        self._changed = threading.Condition()
        self.frames = self.faces = self.dropped = 0
        self.durations = Durations()

    def offer(self, frame: Frame) -> None:
        """Put a frame into its camera's slot; never blocks."""
        with self._changed:
            # Taken out first, so that the camera that waits longest is served next.
            if self._slots.pop(frame.source, None) is not None:
                self.dropped += 1
            self._slots[frame.source] = frame
            self._changed.notify()

    def forget(self, source: str) -> None:
        """Throw away a frame that waits."""
        with self._changed:
            self._slots.pop(source, None)

    def load(self) -> tuple[str, ...]:
        """Load one set of nets for each camera: tracks must not mix."""
        catalog = load_catalog()
        for source, camera in self._cameras.items():
            self._eyes[source] = _Eye(camera, FacePipeline(catalog, self._threads))
        return (MODEL,)

    def take(self, timeout_s: float) -> Frame | None:
        """Return the frame that waits longest."""
        with self._changed:
            self._changed.wait_for(lambda: self._slots, timeout_s)
            if not self._slots:
                return None
            return self._slots.pop(next(iter(self._slots)))

    def handle(self, frame: Frame) -> None:
        """Read the faces of a frame and adapt the camera's rate."""
        if not self._outbox.allowed(frame.source):
            return
        eye = self._eyes[frame.source]
        started = time.perf_counter()
        moved = eye.moved(frame)
        looked = eye.pipeline.presence(frame.image, frame.monotonic_s)
        readings = eye.pipeline(frame.image, frame.monotonic_s) if looked else ()
        took_s = time.perf_counter() - started
        self.frames += 1
        if looked:
            self.durations.add(took_s)
        for found in readings:
            self.faces += 1
            self._outbox.reading(
                Face(
                    source=frame.source,
                    at=frame.monotonic_s,
                    track=found.track,
                    box=found.box,
                    reading=WireReading.of(found.reading),
                )
            )
        interesting = moved or eye.pipeline.occupied
        fps = eye.rate.update(frame.monotonic_s, interesting=interesting, took_s=took_s)
        self._set_rate(frame.source, fps)
