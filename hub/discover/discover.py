"""Looks around in the home's network and suggests what could be added, with the lines to write."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import yaml

from drivers.nearby import SSDP_PORT, Nearby, browse_mdns, search_ssdp
from drivers.nearby_kasa import PORT as KASA_PORT
from drivers.nearby_kasa import ask_kasa
from drivers.registry import KNOWN
from drivers.types import Unreachable
from hub.discover.kinds import KASA, MDNS, Kind, of_ssdp
from hub.settings import Settings

FINDS_BY_ITSELF = frozenset({"lifx", "matter"})
"""Drivers that need no address: configured is configured."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that was found. `add` are lines for the configuration, `run` a command."""

    kind: str
    name: str
    address: str
    found_by: str
    driver: str | None
    configured: bool
    add: str
    run: str
    note: str


async def discover(
    settings: Settings,
    seconds: float,
    interfaces: Sequence[str] = (),
    ssdp_port: int = SSDP_PORT,
    kasa: tuple[str, int] = ("255.255.255.255", KASA_PORT),
) -> dict[str, Any]:
    """Look around for so long; return suggestions and what could not be asked, as plain data."""
    first = next(iter(interfaces), None)
    asked = {
        "mdns": browse_mdns(MDNS, seconds, interfaces),
        "ssdp": search_ssdp(seconds, first, ssdp_port),
        "kasa": ask_kasa(seconds, first, kasa[1], kasa[0]),
    }
    answers = await asyncio.gather(*asked.values(), return_exceptions=True)
    found: list[tuple[Kind, Nearby, str]] = []
    problems: list[str] = []
    for way, answer in zip(asked, answers, strict=True):
        if isinstance(answer, Unreachable):
            problems.append(f"{way}: {answer.reason}")
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found += [(kind, one, way) for one in answer if (kind := _kind(way, one)) is not None]
    return {"suggestions": [asdict(one) for one in suggest(settings, found)], "problems": problems}


def _kind(way: str, found: Nearby) -> Kind | None:
    match way:
        case "mdns":
            return MDNS.get(found.service)
        case "ssdp":
            return of_ssdp(found)
        case _:
            return KASA


def suggest(
    settings: Settings, found: Sequence[tuple[Kind, Nearby, str]]
) -> tuple[Suggestion, ...]:
    """Return one suggestion a thing, whichever way it was found; what is new comes first."""
    suggestions: dict[tuple[str, str, str], Suggestion] = {}
    for kind, one, way in found:
        by_name = "" if kind.title == "Philips Hue bridge" else one.name
        suggestions.setdefault(
            (kind.title, one.address, by_name), _suggestion(settings, kind, one, way)
        )
    return tuple(
        sorted(suggestions.values(), key=lambda s: (s.configured, s.kind, s.name, s.address))
    )


def _suggestion(settings: Settings, kind: Kind, found: Nearby, way: str) -> Suggestion:
    driver = kind.driver if kind.driver in KNOWN else None
    note = kind.note
    add, run = "", ""
    if kind.driver is not None and driver is None:
        note = f"{note}; " * bool(note) + f"the hub has no driver `{kind.driver}` yet"
    elif kind.section is not None:
        add = yaml.safe_dump(kind.section(found), sort_keys=False, allow_unicode=True)
        run = kind.command
    configured = _is_configured(settings, kind, found)
    return Suggestion(
        kind.title,
        found.name or found.address,
        found.address,
        way,
        driver,
        configured,
        "" if configured else add,
        "" if configured and driver not in FINDS_BY_ITSELF else run,
        note,
    )


def _is_configured(settings: Settings, kind: Kind, found: Nearby) -> bool:
    if kind.title == "Home Assistant":
        return settings.share.home_assistant.enabled
    section = settings.drivers.sections().get(kind.driver or "")
    if section is None:
        return False
    if kind.driver in FINDS_BY_ITSELF:
        return True
    server = found.properties.get("server", "")
    wanted = {found.address, f"{found.name}.local", server} - {""}
    return not wanted.isdisjoint(_words(section.model_dump(mode="json")))


def _words(data: object) -> set[str]:
    """Return every text in plain data."""
    match data:
        case str():
            return {data}
        case Mapping():
            return set().union(*(_words(value) for value in data.values()))
        case list() | tuple():
            return set().union(*(_words(value) for value in data))
        case _:
            return set()
