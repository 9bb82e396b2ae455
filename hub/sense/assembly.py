"""The parts of a sensing process, put together as the configuration wants them.

Importing a part loads OpenCV or an inference runtime: only what is needed is imported, and not
before the network has been given up.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from drivers.source import StateCallback
from hub.sense.bridge import Bridge, network_address
from hub.sense.capture import Device, RatedDevice, Tap
from hub.sense.messages_to_sense import CameraSetup, Configure, MicrophoneSetup
from hub.sense.outbox import Outbox
from models.types import Sense

if TYPE_CHECKING:
    from hub.sense.hearing import Hearing
    from hub.sense.reading_text import TextReader
    from hub.sense.vision import Vision


@dataclass(slots=True)
class Assembly:
    """What was put together; a part that the configuration does not want is None."""

    vision: "Vision | None" = None
    hearing: "Hearing | None" = None
    reader: "TextReader | None" = None
    cameras: dict[str, Tap[RatedDevice]] = field(default_factory=dict)
    microphones: dict[str, Tap[Device]] = field(default_factory=dict)
    bridges: dict[str, Bridge] = field(default_factory=dict)

    @property
    def parts(self) -> "tuple[Vision | Hearing | TextReader, ...]":
        """The parts that are there."""
        return tuple(part for part in (self.vision, self.hearing, self.reader) if part)

    @property
    def taps(self) -> "tuple[Tap[Any], ...]":
        """Every camera's and microphone's switch."""
        return (*self.cameras.values(), *self.microphones.values())

    def taps_of(self, sense: Sense) -> "tuple[Tap[Any], ...]":
        """The switches of the devices that this sense reads."""
        match sense:
            case Sense.FACE:
                return tuple(self.cameras.values())
            case Sense.VOICE:
                return tuple(self.microphones.values())
            case _:
                return ()


def assemble(wanted: Configure, outbox: Outbox) -> Assembly:
    """Put the parts together; nothing is opened or loaded yet."""
    made = Assembly()
    if wanted.cameras:
        from hub.sense.vision import Vision  # noqa: PLC0415 - see the top

        def set_rate(source: str, fps: float) -> None:
            camera = made.cameras[source].device
            if camera is not None:
                camera.set_rate(fps)

        made.vision = Vision(wanted.cameras, wanted.threads, outbox, set_rate)
        for camera in wanted.cameras:
            made.cameras[camera.source] = _camera_tap(camera, made.vision, made.bridges, outbox)
    if wanted.microphones:
        from hub.sense.hearing import Hearing  # noqa: PLC0415 - see the top

        listener = None
        if wanted.words:
            from hub.sense.words import WordListener  # noqa: PLC0415 - see the top

            sources = [microphone.source for microphone in wanted.microphones]
            listener = WordListener(sources, wanted.threads, outbox)
            listener.start()
        made.hearing = Hearing(
            wanted.microphones, wanted.threads, wanted.licence, wanted.voice, outbox, words=listener
        )
        for microphone in wanted.microphones:
            made.microphones[microphone.source] = _microphone_tap(microphone, made.hearing, outbox)
    if wanted.text:
        from hub.sense.reading_text import TextReader  # noqa: PLC0415 - see the top

        made.reader = TextReader(wanted.threads, outbox)
    return made


def _camera_tap(
    camera: CameraSetup, vision: "Vision", bridges: dict[str, Bridge], outbox: Outbox
) -> Tap[RatedDevice]:
    from drivers.camera import open_camera  # noqa: PLC0415 - see the top

    source = camera.source

    def make(on_state: StateCallback) -> RatedDevice:
        size = (camera.width, camera.height, camera.max_fps)
        if network_address(camera.url) is None:
            return open_camera(source, camera.url, *size, vision.offer, on_state)
        bridge = Bridge(source, str(camera.url), outbox.tell)
        bridges[source] = bridge
        bridge.start()
        return _Bridged(open_camera(source, bridge.url, *size, vision.offer, on_state), bridge)

    return Tap(source, make, outbox, lambda: vision.forget(source))


def _microphone_tap(microphone: MicrophoneSetup, hearing: "Hearing", outbox: Outbox) -> Tap[Device]:
    from drivers.microphone import open_microphone  # noqa: PLC0415 - see the top

    source = microphone.source

    def make(on_state: StateCallback) -> Device:
        return open_microphone(source, microphone.device, hearing.offer, on_state)

    return Tap(source, make, outbox, lambda: hearing.forget(source))


class _Bridged:
    """A network camera together with its bridge, as one device."""

    def __init__(self, camera: RatedDevice, bridge: Bridge) -> None:
        self._camera = camera
        self._bridge = bridge

    def start(self) -> None:
        """See Device."""
        self._camera.start()

    def stop(self, timeout_s: float) -> bool:
        """See Device."""
        closed = self._camera.stop(timeout_s)
        self._bridge.close()
        return closed

    def set_rate(self, fps: float) -> None:
        """See Device."""
        self._camera.set_rate(fps)
