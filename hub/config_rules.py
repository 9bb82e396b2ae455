"""What the configuration must satisfy across its sections: names that are used must exist."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel

from hub.phrase import Phrase
from hub.setting_types import MoodRegion
from hub.settings import Guards, Rule, Scene, Settings, When

Contradiction = tuple[str, Phrase]
"""The dotted key and what is wrong with it."""


_NONE = Phrase("config.none_configured")


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    """Yield everything that is well-formed but cannot be meant."""
    yield from _home(settings)
    yield from _rooms(settings)
    yield from _senses(settings)
    yield from _scenes(settings)
    for name, rule in settings.rules.items():
        yield from _rule(f"rules.{name}", rule, settings)
    for name, section in settings.drivers.sections().items():
        yield from _files(f"drivers.{name}", section)
    yield from _guards(settings.guards)
    yield from _share(settings)


def device_ids(settings: Settings) -> frozenset[str]:
    """Return the ids of every device that the configuration itself names."""
    return frozenset(
        f"{name}:{key}"
        for name, section in settings.drivers.sections().items()
        for key in section.device_keys() or ()
    )


def _device(key: str, device: str, settings: Settings) -> Iterator[Contradiction]:
    """Check a device's id; one of a driver that finds its devices only has to look like one."""
    driver, _, rest = device.partition(":")
    section = settings.drivers.sections().get(driver)
    if section is None or section.device_keys() is not None or not rest:
        yield from _known(key, device, device_ids(settings), "device")


def _files(key: str, section: BaseModel) -> Iterator[Contradiction]:
    for name, value in section:
        here = f"{key}.{name}"
        if isinstance(value, Path) and name.endswith("_file") and not value.is_file():
            yield here, Phrase("config.no_file", file=str(value))
        for inner, part in value.items() if isinstance(value, dict) else ((None, value),):
            if isinstance(part, BaseModel):
                yield from _files(here if inner is None else f"{here}.{inner}", part)


def _known(key: str, name: str, names: Iterable[str], what: str) -> Iterator[Contradiction]:
    known = sorted(names)
    if name not in known:
        there = Phrase("config.there_are", known=", ".join(known)) if known else _NONE
        yield key, Phrase(f"config.unknown_{what}", name=repr(name), there=there)


def _home(settings: Settings) -> Iterator[Contradiction]:
    home = settings.home
    if (home.latitude is None) != (home.longitude is None):
        yield "home", Phrase("config.place")
    try:
        ZoneInfo(home.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "home.timezone", Phrase("config.time_zone", zone=repr(home.timezone))


def _rooms(settings: Settings) -> Iterator[Contradiction]:
    seen: dict[str, str] = {}
    for name, room in settings.rooms.items():
        for device in room.devices:
            yield from _device(f"rooms.{name}.devices", device, settings)
            if device in seen:
                there = repr(seen[device])
                said = Phrase("config.twice", device=repr(device), room=there)
                yield f"rooms.{name}.devices", said
            seen[device] = name
    for name, person in settings.people.items():
        for room_name in person.lives_in:
            yield from _known(f"people.{name}.lives_in", room_name, settings.rooms, "room")


def _senses(settings: Settings) -> Iterator[Contradiction]:
    senses = settings.senses
    names: dict[str, str] = {}
    for section, entries in (
        ("cameras", senses.cameras),
        ("microphones", senses.microphones),
        ("wearables", senses.wearables),
    ):
        for name, entry in entries.items():
            key = f"senses.{section}.{name}"
            yield from _known(f"{key}.room", entry.room, settings.rooms, "room")
            if name in names:
                yield key, Phrase("config.same_name", other=names[name])
            names[name] = key
    for name, wearable in senses.wearables.items():
        key = f"senses.wearables.{name}"
        yield from _known(f"{key}.person", wearable.person, settings.people, "person")
        yield from _device(f"{key}.device", wearable.device, settings)
    if senses.text.room is not None:
        yield from _known("senses.text.room", senses.text.room, settings.rooms, "room")


def _scenes(settings: Settings) -> Iterator[Contradiction]:
    for name, scene in settings.scenes.items():
        for device in scene.devices:
            yield from _device(f"scenes.{name}.devices.{device}", device, settings)
        if scene == Scene(name=scene.name):
            yield f"scenes.{name}", Phrase("config.empty_scene")


def _rule(key: str, rule: Rule, settings: Settings) -> Iterator[Contradiction]:
    yield from _known(f"{key}.room", rule.room, settings.rooms, "room")
    then = rule.then
    yield from _when(f"{key}.when", rule.when, settings)
    if rule.when.button is not None and rule.for_s:
        yield f"{key}.for_s", Phrase("config.press_lasts")
    given = sum((then.scene is not None, then.music is not None, then.restore))
    if given != 1:
        yield f"{key}.then", Phrase("config.one_goal")
    if then.scene is not None:
        yield from _known(f"{key}.then.scene", then.scene, settings.scenes, "scene")


def _guards(guards: Guards) -> Iterator[Contradiction]:
    for name, (low, high) in (("target_c", guards.target_c), ("cover", guards.cover)):
        if low > high:
            yield f"guards.{name}", Phrase("config.lies_above", low=low, high=high)


def _share(settings: Settings) -> Iterator[Contradiction]:
    share = settings.share
    yield from _files("share", share)
    if share.home_assistant.enabled and settings.drivers.mqtt is None:
        yield "share.home_assistant.enabled", Phrase("config.no_broker")
    for name, webhook in share.webhooks.items():
        key = f"share.webhooks.{name}"
        for room in webhook.rooms:
            yield from _known(f"{key}.rooms", room, settings.rooms, "room")
        if webhook.region is not None:
            yield from _region(f"{key}.region", webhook.region)
            if not share.moods:
                yield f"{key}.on", Phrase("config.moods_stay")
    for name, hook in share.hooks.items():
        key = f"share.hooks.{name}"
        for part, known in (
            ("room", settings.rooms),
            ("scene", settings.scenes),
            ("person", settings.people),
        ):
            given = getattr(hook, part)
            if given is not None:
                yield from _known(f"{key}.{part}", given, known, part)


def _when(key: str, when: When, settings: Settings) -> Iterator[Contradiction]:
    if when == type(when)():
        yield key, Phrase("config.empty_when")
    if when.person is not None:
        yield from _known(f"{key}.person", when.person, settings.people, "person")
        if when.mood is None:
            yield f"{key}.person", Phrase("config.person_mood")
    if when.sun is not None and settings.home.latitude is None:
        yield f"{key}.sun", Phrase("config.sun_place")
    if when.mood is not None:
        yield from _region(f"{key}.mood", when.mood)
    if when.sensor is not None:
        sensor = when.sensor
        yield from _device(f"{key}.sensor.device", sensor.device, settings)
        if sensor.is_ is None and sensor.above is None and sensor.below is None:
            yield f"{key}.sensor", Phrase("config.sensor_value")
    if when.button is not None:
        yield from _device(f"{key}.button.device", when.button.device, settings)


def _region(key: str, region: MoodRegion) -> Iterator[Contradiction]:
    for axis, span in (("valence", region.valence), ("arousal", region.arousal)):
        if span is not None and span[0] > span[1]:
            yield f"{key}.{axis}", Phrase("config.lies_above", low=span[0], high=span[1])
