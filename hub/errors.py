"""The hub's own errors.

HubError
+-- ConfigError        the configuration is wrong; `problems` says where and what is allowed
+-- ConsentRequired    a sense was asked for that nobody has allowed
+-- Refusal            a request that cannot be granted; `code` is for programs, `mend` for people
+-- NotRunning         no hub answers on the control socket
+-- NotFound           a room, scene or device that does not exist was asked for
+-- StoreError
|   +-- DiskFull       nothing more can be written; readings are dropped and counted
|   +-- StoreCorrupt   a file was broken; it has been put aside and made anew
|   +-- StoreLocked    another hub uses the same directory
|   +-- StoreNewer     a newer version has written the files; they are left as they are
+-- SenseError
    +-- SenseGone      the sensing process is away; it is being restarted
    +-- SchemaViolation  a message on the sense socket was not in the schema
    +-- TextRefused      a text cannot be read: empty, too long, or no model for it
"""

from dataclasses import dataclass


class HubError(Exception):
    """Base of everything the hub raises on purpose. Its text is safe to show."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration."""

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        """Return `file:line: key: message`, as compilers print it."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class ConfigError(HubError):
    """The configuration is wrong; every problem is listed at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


class ConsentRequired(HubError):  # noqa: N818 - says what is needed
    """A sense was asked for that nobody has allowed."""


class Refusal(HubError):  # noqa: N818 - what the caller is told
    """A request that cannot be granted: a code for programs, a sentence and a mend for people."""

    def __init__(self, code: str, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.mend = mend


class NotRunning(HubError):  # noqa: N818
    """No hub answers on the control socket."""


class NotFound(HubError):  # noqa: N818
    """A room, scene or device that does not exist was asked for."""


class StoreError(HubError):
    """Something about the database files."""


class DiskFull(StoreError):  # noqa: N818
    """Nothing more can be written."""


class StoreCorrupt(StoreError):  # noqa: N818
    """A file was broken; it has been put aside and made anew."""


class StoreLocked(StoreError):  # noqa: N818
    """Another hub uses the same directory."""


class StoreNewer(StoreError):  # noqa: N818
    """A newer version has written the files; they are left as they are."""


class SenseError(HubError):
    """Something about the sensing process."""


class SenseGone(SenseError):  # noqa: N818
    """The sensing process is away."""


class SchemaViolation(SenseError):  # noqa: N818
    """A message on the sense socket was not in the schema."""


class TextRefused(SenseError):  # noqa: N818
    """A text cannot be read."""
