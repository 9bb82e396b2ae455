"""How many pictures a second a camera is worth at the moment."""

IDLE_FPS = 1.0
AWAKE_S = 5.0
"""So long after the last movement or face, the room counts as empty and still."""
SHARE = 0.7
"""The most of one core that looking at one camera may take."""
_SMOOTHING = 0.2


class SightRate:
    """One camera's rate: 1 a second in an empty, still room, else up to `max_fps`.

    When looking takes longer than the budget allows, the rate goes down until it fits.
    """

    def __init__(self, max_fps: float) -> None:
        self._max_fps = max_fps
        self._interest_s = float("-inf")
        self._took_s = 0.0

    def update(self, now_s: float, *, interesting: bool, took_s: float) -> float:
        """Take note of one picture and how long looking at it took; return the rate from now on."""
        if interesting:
            self._interest_s = now_s
            self._took_s += _SMOOTHING * (took_s - self._took_s)
        if now_s - self._interest_s > AWAKE_S:
            return IDLE_FPS
        affordable = SHARE / self._took_s if self._took_s > 0 else self._max_fps
        return max(IDLE_FPS, min(self._max_fps, affordable))
