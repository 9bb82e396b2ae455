"""What a driver reports when something is wrong.

DriverError
+-- Refused        the device or driver will not do this; asking again does not help
+-- Unreachable    the peer is away now; the supervisor backs off and retries
+-- BadCredentials the peer refuses our name, password or certificate; not retried
+-- BadPayload     the peer sent what its protocol does not allow; counted, then dropped
"""

from typing import Final

LONGEST: Final = 300
"""Of a reason: it may quote what the peer said, which may be anything."""


class DriverError(Exception):
    """Anything that a driver reports. `reason` is safe to log and to show."""

    def __init__(self, reason: str) -> None:
        if len(reason) > LONGEST or not reason.isprintable():
            reason = "".join(char if char.isprintable() else " " for char in reason[:LONGEST])
        super().__init__(reason)
        self.reason = reason


class Refused(DriverError):  # noqa: N818 - the name is the outcome's
    """The device or driver will not do this."""


class Unreachable(DriverError):  # noqa: N818
    """The peer does not answer now."""


class BadCredentials(DriverError):  # noqa: N818
    """The peer refuses our credentials; a person has to mend the configuration."""


class BadPayload(DriverError):  # noqa: N818
    """The peer sent something that its protocol does not allow."""
