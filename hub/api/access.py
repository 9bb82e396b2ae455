"""Who may do what: the one permission table. Every route names the access it needs.

A token's scopes restrict its member's role further; they never widen it.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache


class Role(StrEnum):
    """What somebody is in this household."""

    OWNER = "owner"
    ADULT = "adult"
    CHILD = "child"
    GUEST = "guest"


class Access(StrEnum):
    """What a route needs; also the scopes of tokens."""

    PUBLIC = "public"
    """No session at all."""
    SESSION = "session"
    """Any session: about oneself."""
    SEE = "see"
    """The house as it is now: rooms, moods, devices, what is sensed."""
    PAUSE = "pause"
    """Privacy mode, guest mode, the indicator: everybody's."""
    CONTROL = "control"
    """Devices, scenes, undo."""
    SAY = "say"
    """Journal, and telling whether the house was right."""
    HISTORY = "history"
    """Moods and decisions of the past."""
    CONSENT = "consent"
    """Consents; whose is checked besides."""
    RIGHTS = "rights"
    """Export and erase; whose is checked besides."""
    AUDIT = "audit"
    """Who did what: every adult's."""
    ARRANGE = "arrange"
    """Rooms, scenes, rules, devices' names, joining devices."""
    METRICS = "metrics"
    """Counters for monitoring: numbers only."""
    ADMIN = "admin"
    """Members, sessions of others, pairing, configuration, logs, backups."""


_EVERYBODY = frozenset({Access.PUBLIC, Access.SESSION, Access.SEE, Access.PAUSE})
_CHILD = _EVERYBODY | {Access.CONTROL, Access.SAY, Access.CONSENT}
_ADULT = _CHILD | {Access.HISTORY, Access.RIGHTS, Access.AUDIT, Access.ARRANGE}

TABLE: Mapping[Role, frozenset[Access]] = {
    Role.GUEST: _EVERYBODY | {Access.CONTROL},
    Role.CHILD: _CHILD,
    Role.ADULT: _ADULT,
    Role.OWNER: _ADULT | {Access.METRICS, Access.ADMIN},
}
"""What each role may do. A guest sees and pauses; a child also says and consents for themselves."""

_ROLES: Mapping[str, Role] = {role.value: role for role in Role}


@lru_cache(maxsize=256)
def allowed(role: Role, scopes: tuple[str, ...]) -> frozenset[Access]:
    """Return what a role may do, restricted to a token's scopes if it has any.

    Scopes of another version are none that anybody has; what has only such may do nothing.
    """
    if not scopes:
        return TABLE[role]
    known = frozenset(Access(scope) for scope in scopes if scope in set(Access))
    free = {Access.PUBLIC, Access.SESSION} if known else {Access.PUBLIC}
    return TABLE[role] & (known | free)


def role_of(text: str) -> Role:
    """Return the role of this name; an unknown one, of another version, is a guest."""
    return _ROLES.get(text, Role.GUEST)
