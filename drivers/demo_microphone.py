"""A demonstration microphone: sentences spoken by espeak-ng, with pauses, at real time.

The speech comes through a pipe and stays in memory. Without espeak-ng there is silence, and the
state's reason says so.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from drivers.media import SAMPLE_RATE_HZ, AudioBlock
from drivers.resample import Resampler, Samples
from drivers.source import MicrophoneStats, Source, SourceState, StateCallback

BLOCK = SAMPLE_RATE_HZ // 10
SYNTHESIS_LIMIT_S = 10.0
NOISE = 3e-4
"""Standard deviation of the room's noise, about -70 dB of full scale."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence and how it is spoken: espeak's voice, pitch (0-99), words a minute."""

    text: str
    voice: str
    pitch: int
    speed: int


LINES = (
    Line("Good morning! What a lovely day it is.", "en-us+f3", 70, 175),
    Line("I have been waiting for this all week, I can hardly believe it!", "en-us", 75, 200),
    Line("The kettle is on, and breakfast will be ready in ten minutes.", "en-us+f2", 50, 160),
    Line("I am so tired today, nothing went the way I hoped.", "en-us", 20, 120),
    Line("Could you please turn the music down a little?", "en-us+f4", 55, 165),
    Line("Why is nobody listening? I have said it three times!", "en-us+m3", 85, 215),
)


def speak(line: Line) -> Samples:
    """Return the spoken line as float32 mono at 16 kHz. Raises OSError or SubprocessError."""
    run = subprocess.run(  # noqa: S603 - a fixed program with texts from above
        [  # noqa: S607 - where it lies depends on the system
            "espeak-ng",
            *("-v", line.voice, "-p", str(line.pitch), "-s", str(line.speed)),
            "--stdout",
            line.text,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=SYNTHESIS_LIMIT_S,
        check=True,
        # Where no file may grow, its sound library then goes without shared memory; a restored
        # SIGXFSZ would end it.
        restore_signals=False,
    )
    # A pipe's WAV header has no true length; its rate stands at byte 24 and `data` ends it.
    start = run.stdout.find(b"data") + 8
    if run.stdout[:4] != b"RIFF" or start < 8:  # noqa: PLR2004
        raise OSError("espeak-ng gave no sound")
    rate_hz = int.from_bytes(run.stdout[24:28], "little")
    body = run.stdout[start : start + (len(run.stdout) - start) // 2 * 2]
    samples = np.frombuffer(body, "<i2").astype(np.float32) / np.float32(32768)
    return Resampler(rate_hz, SAMPLE_RATE_HZ)(samples)


class DemoMicrophone(Source):
    """A microphone in a room where someone speaks; arguments as for drivers.microphone.Microphone.

    The same seed gives the same order of lines and the same pauses.
    """

    simulated = True

    def __init__(
        self,
        source: str,
        deliver: Callable[[AudioBlock], None],
        on_state: StateCallback,
        *,
        seed: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("microphone", source, on_state)
        self._deliver = deliver
        self._clock = clock
        self._random = np.random.default_rng(seed)
        self._silent_because = ""
        self._blocks = 0

    def stats(self) -> MicrophoneStats:
        """See Microphone.stats."""
        return MicrophoneStats(self._blocks, 0, 0, min(1, self._blocks), 0)

    def _session(self) -> None:
        due_s = self._clock()
        for samples in _in_blocks(self._sound()):
            if self._stopping.wait(max(0.0, due_s - self._clock())):
                return
            now = self._clock()
            self._blocks += 1
            self._report(SourceState.ON, self._silent_because)
            self._deliver(AudioBlock(self.source, samples, now, 0.0))
            # After a stall go on from now: a microphone does not catch up either.
            due_s = max(due_s + BLOCK / SAMPLE_RATE_HZ, now - 0.5)

    def _sound(self) -> Iterator[Samples]:
        """Speak the lines in a shuffled order for ever, with pauses of 1 to 3 s before each."""
        while True:
            for chosen in self._random.permutation(len(LINES)):
                yield self._room(self._random.uniform(1.0, 3.0))
                try:
                    speech = speak(LINES[chosen])
                except FileNotFoundError:
                    self._silent_because = "espeak-ng is not installed: silence"
                except (OSError, subprocess.SubprocessError):
                    self._silent_because = "espeak-ng does not work: silence"
                else:
                    self._silent_because = ""
                    yield speech + self._room(len(speech) / SAMPLE_RATE_HZ)

    def _room(self, seconds: float) -> Samples:
        """Return the room's noise."""
        noise = self._random.standard_normal(round(seconds * SAMPLE_RATE_HZ), np.float32)
        return noise * np.float32(NOISE)


def _in_blocks(pieces: Iterator[Samples]) -> Iterator[Samples]:
    """Cut a stream of any pieces into blocks of BLOCK samples."""
    rest = np.zeros(0, np.float32)
    for piece in pieces:
        rest = np.concatenate((rest, piece))
        whole = len(rest) // BLOCK * BLOCK
        for start in range(0, whole, BLOCK):
            yield rest[start : start + BLOCK].copy()
        rest = rest[whole:]
