"""What can go wrong with weight files and with data to measure them on."""


class WeightsError(Exception):
    """A weight file is missing, altered or cannot run here.

    `reason` says what is wrong, `mend` what the user can do about it. Both are safe to show.
    """

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(f"{reason}: {mend}")
        self.reason = reason
        self.mend = mend


class DataError(Exception):
    """A folder of labelled samples cannot be read; `reason` says where and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
