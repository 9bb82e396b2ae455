"""Why a device is not let in."""


class PairingRefused(Exception):  # noqa: N818 - what the device is told
    """`code` is for programs; the text is safe to show and says nothing of the secrets."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
