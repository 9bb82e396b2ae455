"""Bodies that exist only in memory: heart beats and skin conductance as real sensors give them.

Good for trying and testing what listens to sensors; says nothing about anybody.
"""

import math
from collections import deque
from random import Random

BEAT_GRID = 1024
"""Bluetooth heart straps give RR intervals in 1/1024 s (Heart Rate Service, 0x2A37)."""
ARTEFACT_SHARE = 0.005
"""Beats that the strap misses or doubles, as a loose strap does."""
SKIN_RATE_HZ = 4.0
"""As common wrist sensors sample it."""


class Heart:
    """RR intervals around a resting rate: breathing, slow waves, noise, and now and then a slip.

    The standard deviation from beat to beat is that of a rested adult (RMSSD near 35 ms; Task
    Force 1996, doi:10.1161/01.CIR.93.5.1043).
    """

    def __init__(self, random: Random, bpm: float = 66.0) -> None:
        self._random = random
        self._mean_s = 60.0 / bpm
        self._at_s = 0.0
        self._slipped = 0.0
        self._recent: deque[float] = deque(maxlen=8)

    def until(self, elapsed_s: float) -> tuple[float, ...]:
        """Return the intervals of the beats since the last call, up to this time."""
        beats: list[float] = []
        while self._at_s < elapsed_s:
            rr_s = self._next()
            self._at_s += rr_s
            beats.append(round(rr_s * BEAT_GRID) / BEAT_GRID)
        self._recent.extend(beats)
        return tuple(beats)

    def bpm(self) -> int:
        """Return the rate over the last beats, as a strap shows it."""
        if not self._recent:
            return round(60.0 / self._mean_s)
        return round(60.0 * len(self._recent) / sum(self._recent))

    def _next(self) -> float:
        if self._slipped:  # the rest of a beat that was cut in two
            rest, self._slipped = self._slipped, 0.0
            return rest
        breathing = 0.030 * math.sin(2 * math.pi * 0.25 * self._at_s)
        slow = 0.020 * math.sin(2 * math.pi * 0.1 * self._at_s)
        rr_s = self._mean_s + breathing + slow + self._random.gauss(0, 0.015)
        chance = self._random.random()
        if chance < ARTEFACT_SHARE / 2:
            return rr_s * 2  # a beat was missed
        if chance < ARTEFACT_SHARE:
            self._slipped = rr_s * 0.6  # one beat was taken for two
            return rr_s * 0.4
        return rr_s


class Skin:
    """Skin conductance: a slow level, and responses that rise in 1 s and fade over some seconds.

    Amplitudes, shape and about two spontaneous responses a minute: Boucsein 2012,
    doi:10.1007/978-1-4614-1126-0, section 1.4.
    """

    def __init__(self, random: Random, level_us: float = 4.0) -> None:
        self._random = random
        self._level_us = level_us
        self._rising = 0.0
        self._response = 0.0

    def next(self) -> float:
        """Return the next sample, in microsiemens."""
        step_s = 1 / SKIN_RATE_HZ
        self._level_us = min(20.0, max(0.5, self._level_us + self._random.gauss(0, 0.004)))
        if self._random.random() < step_s * 2 / 60:
            self._rising = self._random.uniform(0.1, 0.5)
        rise = self._rising * step_s
        self._rising = max(0.0, self._rising - rise)
        self._response = self._response * math.exp(-step_s / 4.0) + rise
        return round(self._level_us + self._response + self._random.gauss(0, 0.002), 4)
