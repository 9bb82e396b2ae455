"""A microphone as a source of 16 kHz mono sound, by PortAudio.

PortAudio's thread hands each block over as it comes; the source's own thread opens, watches and
closes. What has not been fetched in time waits in the device's ring of a few tenths of a second;
what overflows that ring is lost and counted. Sound stays in memory.
"""

import time
from collections.abc import Callable

import numpy as np

from drivers.demo_microphone import DemoMicrophone
from drivers.media import SAMPLE_RATE_HZ, AudioBlock
from drivers.portaudio import Input, load_pyaudio
from drivers.resample import Downmix, Resampler, clipped_share
from drivers.source import Lost, MicrophoneStats, Source, StateCallback

FIRST_SOUND_S = 5.0
"""A sound server may take seconds over its first block."""
SILENT_S = 2.0
"""Silence is sound; no block at all for so long means that the device is gone."""


def open_microphone(
    source: str,
    device: str | int,
    deliver: Callable[[AudioBlock], None],
    on_state: StateCallback,
    *,
    seed: int = 1,
) -> "Microphone | DemoMicrophone":
    """Return the source for `device`, not yet started; `demo:` is the demonstration."""
    if device == "demo:":
        return DemoMicrophone(source, deliver, on_state, seed=seed)
    return Microphone(source, device, deliver, on_state)


class Microphone(Source):
    """One microphone.

    Args:
        source: its name in the configuration.
        device: PortAudio's index, a name or part of one, or "" for the default input.
        deliver: gets each block of about 0.1 s on PortAudio's thread; it must not block.
        on_state: gets state and reason, on the source's thread.
        clock: monotonic seconds.

    `start()` raises SourceUnavailable when PyAudio is missing.
    """

    def __init__(
        self,
        source: str,
        device: str | int,
        deliver: Callable[[AudioBlock], None],
        on_state: StateCallback,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("microphone", source, on_state)
        self._device = device
        self._deliver = deliver
        self._clock = clock
        self._blocks = self._overflows = self._clipped = self._opened = 0

    def stats(self) -> MicrophoneStats:
        """Return the counts so far."""
        return MicrophoneStats(
            self._blocks, self._overflows, self._clipped, self._opened, self._losses
        )

    def _prepare(self) -> None:
        load_pyaudio()

    def _session(self) -> None:
        device = Input(self._device, self._take)
        try:
            self._channels = device.channels
            self._downmix = Downmix(device.channels)
            self._resample = Resampler(device.rate_hz, SAMPLE_RATE_HZ)
            self._last_s: float | None = None
            self._fault: Exception | None = None
            device.start()
            self._opened += 1
            self._watch(device)
        except Lost as err:
            # Said before closing: that can block while a sound server hangs.
            self._note_loss(err.reason)
            raise
        finally:
            device.close()

    def _watch(self, device: Input) -> None:
        began_s = self._clock()
        # Short looks until the first block, so that `on` is told at once.
        while not self._stopping.wait(0.05 if self._last_s is None else 0.25):
            if self._fault:
                raise self._fault
            if not device.active():
                raise Lost("the microphone went away")
            now = self._clock()
            if self._last_s is None:
                if now - began_s > FIRST_SOUND_S:
                    raise Lost("the microphone gives no sound")
                continue
            if now - self._last_s > SILENT_S:
                raise Lost(f"no sound for {SILENT_S:.0f} s")
            self._arrived()

    def _take(self, data: bytes, overflowed: bool) -> bool:
        """Hand one block on (PortAudio's thread)."""
        try:
            now = self._clock()
            frames = np.frombuffer(data, np.int16).reshape(-1, self._channels)
            clipped = clipped_share(frames)
            samples = self._resample(self._downmix(frames))
            self._blocks += 1
            self._overflows += overflowed
            self._clipped += clipped > 0
            self._last_s = now
            self._deliver(AudioBlock(self.source, samples, now, clipped))
        except Exception as err:  # noqa: BLE001 - nothing catches it here; the source's thread raises it
            self._fault = err
            return False
        return True
