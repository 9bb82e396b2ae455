"""Errors as RFC 9457 problem details: `application/problem+json`.

`type` is `about:blank#CODE` so that programs can tell problems apart without an address that would
have to be kept alive; `title` says what happened and `mend`, an extension, what to do.
"""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from drivers.types import DriverError, Refused, Unreachable
from hub.backup.errors import BackupBroken, BackupError, BackupNewer, WrongPassphrase
from hub.driver_words import in_words
from hub.errors import (
    ConfigError,
    ConsentRequired,
    HubError,
    NotFound,
    Refusal,
    SenseGone,
    StoreError,
    TextRefused,
)
from hub.phrase import SOURCE, Language, Phrase, translated

CONTENT_TYPE = "application/problem+json"
MAX_ERRORS = 20

_KINDS: tuple[tuple[type[Exception], int, str], ...] = (
    (NotFound, 404, "not_found"),
    (ConsentRequired, 403, "consent_required"),
    (TextRefused, 422, "text_refused"),
    (SenseGone, 503, "sense_gone"),
    (StoreError, 503, "store"),
    (WrongPassphrase, 403, "wrong_passphrase"),
    (BackupBroken, 422, "backup_broken"),
    (BackupNewer, 422, "backup_newer"),
    (BackupError, 500, "backup"),
    (HubError, 500, "hub"),
    (Refused, 409, "refused"),
    (Unreachable, 504, "unreachable"),
    (DriverError, 502, "driver"),
)
"""The first that fits counts."""

_REFUSALS = {
    "may_not_resume": 403,
    "apple_home_off": 409,
    "unknown_room": 404,
    "unknown_person": 404,
    "unknown_device": 404,
    "unknown_scene": 404,
    "unknown_driver": 404,
    "unknown_operation": 404,
    "not_found": 404,
    "consent_required": 403,
    "forbidden": 403,
    "nothing_to_correct": 409,
    "conflict": 409,
    "not_stored": 503,
    "text_too_long": 413,
    "not_yet": 501,
}


class Problem(Exception):  # noqa: N818 - the RFC's word
    """A request that ends here, with this status and these words."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        mend: str = "",
        *,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.code = code
        self.title = title
        self.mend = mend
        self.more = dict(more or {})
        self.headers = dict(headers or {})

    def response(self, language: Language = SOURCE) -> web.Response:
        """Return it as the answer, in a language."""
        body = {
            "type": f"about:blank#{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "mend": self.mend,
            **self.more,
        }
        return web.Response(
            status=self.status,
            text=json.dumps(translated(body, language)),
            content_type=CONTENT_TYPE,
            headers=self.headers,
        )


def locked(wait_s: float, title: str) -> Problem:
    """Return the problem of whoever sent too many wrong secrets; `wait_s` says for how long."""
    seconds = round(wait_s) + 1
    headers = {"Retry-After": str(seconds)}
    return Problem(
        429,
        "locked",
        title,
        Phrase("mend.wait_a_little"),
        more={"wait_s": seconds},
        headers=headers,
    )


def problem_of(err: Exception) -> Problem | None:  # noqa: PLR0911 - one a kind
    """Return the problem that a known error is; None for a bug."""
    match err:
        case Problem():
            return err
        case Refusal():
            return Problem(_REFUSALS.get(err.code, 422), err.code, str(err), err.mend)
        case ValidationError():
            return Problem(422, "invalid", Phrase("refused.invalid"), more={"errors": _errors(err)})
        case ConfigError():
            errors = [
                {"at": one.key, "message": one.message, "line": one.line}
                for one in err.problems[:MAX_ERRORS]
            ]
            return Problem(422, "invalid", Phrase("refused.config_wrong"), more={"errors": errors})
        case TimeoutError():
            return Problem(504, "timeout", Phrase("refused.timeout"), Phrase("mend.try_again"))
        case HubError() | DriverError():
            kinds = ((status, code) for kind, status, code in _KINDS if isinstance(err, kind))
            status, code = next(kinds)
            return Problem(status, code, in_words(str(err)))
    return None


def _errors(err: ValidationError) -> list[dict[str, str]]:
    """Return what is wrong where; never the input, which may be private."""
    return [
        {"at": ".".join(str(part) for part in one["loc"]), "message": one["msg"]}
        for one in err.errors(include_url=False, include_input=False, include_context=False)
    ][:MAX_ERRORS]
