"""Heart and skin -> arousal against the person's own ordinary state. Pure Python, no weights.

Valence cannot be read from these signals: it is given as 0 with a wide variance. Arousal means
activation, be it joy, stress or stairs; only deviations from the person's past count.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from models.body_baseline import Baseline, Ordinary
from models.heart import rhythm
from models.skin import activity
from models.types import Affect, Reading, Sense

MODEL: Final = "body_v1"

WINDOW_S: Final = 60.0
"""How far back a reading looks."""

_FRESH_S: Final = 20.0
_LEARN_EVERY_S: Final = 5.0
_BEST_AFTER_S: Final = 300.0
_GAP_S: Final = 1.5
_MAX_INTERVALS: Final = 400
_MAX_SAMPLES: Final = 8_192
_LIMIT: Final = 4.0

USUAL: Final = {"bpm": 0.10, "rmssd": 0.45, "tonic": 0.35, "phasic": 0.9, "responses": 1.0}
"""The measures, and what each usually varies within a person (logarithms; a square root last)."""

# Half the weights of a logistic regression of stress on Stress-Predict (doi:10.3390/s22218135),
# so that tanh gives 2 p - 1; see `python -m models.training.body`. Wrist sensors lose too many
# beats to fit RMSSD: its small weight is physiology's (it falls under load), not the data's.
_WEIGHTS: Final = {"bpm": 0.33, "rmssd": -0.05, "tonic": 0.33, "phasic": 0.15, "responses": 0.02}

_VALENCE_VAR: Final = 0.35
_AROUSAL_VAR: Final = 0.10
_UNKNOWN_VAR: Final = 0.35

# An interval that claims to be longer counts as this long: its start matters to nobody any more.
_LONGEST_RR_S: Final = 60.0


class BodyModel:
    """One person's body. Times are monotonic seconds and do not go back.

    `known` is an earlier model's `baseline`. Memory is bounded whatever is fed.
    """

    def __init__(self, known: Mapping[str, Ordinary] | None = None) -> None:
        self._baseline = Baseline(USUAL, known)
        self._intervals: deque[tuple[float, float]] = deque(maxlen=_MAX_INTERVALS)
        self._rates: deque[tuple[float, float]] = deque(maxlen=_MAX_INTERVALS)
        self._skin: deque[tuple[float, float]] = deque(maxlen=_MAX_SAMPLES)
        self._skin_rate_hz = 0.0
        self._heart_at = self._skin_at = self._learned_at = -math.inf

    @property
    def baseline(self) -> dict[str, Ordinary]:
        """What is ordinary for the person; keep it to go on after a restart."""
        return self._baseline.state

    def feed_heart(
        self, rr_s: Sequence[float], bpm: float | None, contact: bool | None, at: float
    ) -> None:
        """Take intervals between beats (seconds, oldest first, the last ending at `at`).

        `bpm` is the sensor's own rate, used when intervals are missing. `contact` False means
        that the sensor is not on the skin: everything of the heart is forgotten.
        """
        if contact is False:
            self._intervals.clear()
            self._rates.clear()
            self._heart_at = -math.inf
            return
        if rr_s:
            start = at - math.fsum(min(abs(rr), _LONGEST_RR_S) for rr in rr_s if math.isfinite(rr))
            if self._intervals and start - self._intervals[-1][0] > _GAP_S:
                # Beats were lost between: what follows is no neighbour of what came before.
                self._intervals.append((start, math.nan))
            for rr in rr_s:
                start += rr if math.isfinite(rr) else 0.0
                self._intervals.append((start, rr))
        if bpm is not None and 30.0 <= bpm <= 200.0:  # noqa: PLR2004 - as in models.heart
            self._rates.append((at, bpm))
        if rr_s or bpm is not None:
            self._heart_at = at

    def feed_skin(self, microsiemens: Sequence[float], rate_hz: float, at: float) -> None:
        """Take evenly sampled skin conductance, the last sample at `at`.

        Raises ValueError for a rate that is not positive and finite.
        """
        if not 0.0 < rate_hz < math.inf:
            raise ValueError(f"rate_hz must be positive: {rate_hz}")
        if rate_hz != self._skin_rate_hz:
            self._skin.clear()
            self._skin_rate_hz = rate_hz
        count = len(microsiemens)
        first = at - (count - 1) / rate_hz
        if self._skin:
            missing = round((first - self._skin[-1][0]) * rate_hz) - 1
            if missing > 0:
                gap = min(missing, _MAX_SAMPLES)
                self._skin.extend((first - k / rate_hz, math.nan) for k in range(gap, 0, -1))
        self._skin.extend(
            (first + index / rate_hz, level) for index, level in enumerate(microsiemens)
        )
        if count:
            self._skin_at = at

    def reading(self, now: float) -> Reading | None:
        """Say how aroused the body is; None without fresh signals or before there is a past.

        Asking also lets the present count towards the baseline, after it has been compared.
        """
        measures, quality = self._measure(now)
        if not measures:
            return None
        worn = min(self._baseline.seconds(name) for name in measures)
        deviations = self._compare(measures)
        score = math.fsum(_WEIGHTS[name] * value for name, value in deviations.items())
        self._learn(measures, max(self._heart_at, self._skin_at))
        if worn < WINDOW_S:
            return None
        quality *= min(1.0, worn / _BEST_AFTER_S)
        present = math.fsum(abs(_WEIGHTS[name]) for name in measures)
        share = present / math.fsum(map(abs, _WEIGHTS.values()))
        variance = _AROUSAL_VAR + (_UNKNOWN_VAR - _AROUSAL_VAR) * (1.0 - share * quality)
        affect = Affect(0.0, math.tanh(score), _VALENCE_VAR, variance)
        return Reading(Sense.BODY, affect, (), quality, MODEL)

    def deviations(self, now: float) -> dict[str, float]:
        """Say how far each fresh measure is from the person's ordinary, in deviations."""
        return self._compare(self._measure(now)[0])

    def _compare(self, measures: Mapping[str, float]) -> dict[str, float]:
        return {
            name: min(max(self._baseline.deviation(name, value), -_LIMIT), _LIMIT)
            for name, value in measures.items()
        }

    def _measure(self, now: float) -> tuple[dict[str, float], float]:
        """Give the fresh measures and how good the signals are, in [0, 1]."""
        measures: dict[str, float] = {}
        qualities = []
        if now - self._heart_at <= _FRESH_S:
            qualities.append(self._measure_heart(now, measures))
        if now - self._skin_at <= _FRESH_S:
            qualities.append(self._measure_skin(now, measures))
        return measures, max(qualities, default=0.0)

    def _measure_heart(self, now: float, measures: dict[str, float]) -> float:
        _forget(self._intervals, now - WINDOW_S)
        _forget(self._rates, now - WINDOW_S)
        intervals = [rr for _, rr in self._intervals]
        found = rhythm(intervals)
        if found is None:
            if not self._rates:
                return 0.0
            rates = [bpm for _, bpm in self._rates]
            measures["bpm"] = math.log(math.fsum(rates) / len(rates))
            return 0.5
        measures["bpm"] = math.log(found.bpm)
        if found.rmssd_ms > 0.0:
            measures["rmssd"] = math.log(found.rmssd_ms)
        span = self._heart_at - self._intervals[0][0]
        covered = math.fsum(rr for rr in intervals if math.isfinite(rr)) / max(span, 1.0)
        return found.quality * min(1.0, covered)

    def _measure_skin(self, now: float, measures: dict[str, float]) -> float:
        _forget(self._skin, now - WINDOW_S)
        found = activity([level for _, level in self._skin], self._skin_rate_hz)
        if found is None:
            return 0.0
        measures["tonic"] = math.log(found.tonic_us)
        measures["phasic"] = math.log(found.phasic_us + 1e-3)
        measures["responses"] = math.sqrt(found.responses_per_min)
        return found.quality

    def _learn(self, measures: Mapping[str, float], newest: float) -> None:
        since = newest - self._learned_at
        if since < _LEARN_EVERY_S:
            return
        self._learned_at = newest
        for name, value in measures.items():
            self._baseline.learn(name, value, min(since, WINDOW_S))


def _forget(samples: deque[tuple[float, float]], before: float) -> None:
    while samples and samples[0][0] < before:
        samples.popleft()
