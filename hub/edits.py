"""What people change in the app: an overlay on the household's file, which stays theirs.

`<state>/edits.yaml` holds whole rooms, scenes, rules and people by name, `null` for one that was
removed, the guards, the home's name, and for how long records are kept. It is read after the
household's file and validated with it, so that both can never contradict; `moodsync check` lists
what is in it. Every change can be undone, newest first.
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import yaml
from pydantic import BaseModel

from hub.config_rules import contradictions
from hub.errors import ConfigError, HubError, Problem, Refusal
from hub.phrase import Phrase
from hub.settings import Settings
from hub.yaml_source import Layer, read_yaml

if TYPE_CHECKING:
    from hub.store.config_db import ConfigDb

FILE = "edits.yaml"
UNDO_FILE = "edits.undo.json"
MOST_UNDONE = 20
MOST_ENTRIES = 500
HEAD = "# Made by the app; it counts over your own file. Delete an entry to have yours back.\n"

Section = Literal["rooms", "scenes", "rules", "people"]
SECTIONS: tuple[Section, ...] = get_args(Section)
PEOPLE: Section = "people"
GUARDS = "guards"
HOME = "home"
STORE = "store"
RETENTION = ("keep_readings_days", "keep_moods_days")
"""All of `store` that the app may change."""

Data = dict[str, Any]


class Edits:
    """The overlay of one running hub. `take_over` is given the settings that result."""

    def __init__(
        self, folder: Path, config: "ConfigDb", take_over: Callable[[Settings], bool]
    ) -> None:
        self.lock = asyncio.Lock()
        """Held around looking at an entry and changing it."""
        self.path = folder / FILE
        self._undo_path = folder / UNDO_FILE
        self._config = config
        self._take_over = take_over

    async def put(
        self, settings: Settings, section: Section, name: str, entry: BaseModel, by: str
    ) -> None:
        """Add or replace an entry. Raises ConfigError if it contradicts the rest."""
        entries = {**getattr(settings, section), name: entry}
        new = settings.model_copy(update={section: entries})
        plain = entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        data = self._read()
        data.setdefault(section, {})[name] = plain
        await self._change(new, data, by, Phrase(f"audit.edited_{section}"), name)

    async def remove(self, settings: Settings, section: Section, name: str, by: str) -> None:
        """Remove an entry. Raises ConfigError if something else needs it, Refusal if unknown."""
        entries = dict(getattr(settings, section))
        if entries.pop(name, None) is None:
            raise Refusal("not_found", Phrase("refused.no_entry", name=name, section=section))
        data = self._read()
        data.setdefault(section, {})[name] = None
        new = settings.model_copy(update={section: entries})
        await self._change(new, data, by, Phrase(f"audit.removed_{section}"), name)

    async def put_guards(self, settings: Settings, guards: BaseModel, by: str) -> None:
        """Replace the guards. Raises ConfigError."""
        data = self._read()
        data[GUARDS] = guards.model_dump(mode="json", by_alias=True)
        await self._change(
            settings.model_copy(update={GUARDS: guards}), data, by, Phrase("audit.guards")
        )

    def text(self) -> str:
        """Return the overlay as it is on the disk; empty if there is none."""
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    async def put_text(self, read: Callable[[], Settings], text: str, by: str) -> None:
        """Replace the whole overlay by a text; `read` reads the configuration with it.

        Raises ConfigError, each problem with its line in the text; then nothing has changed.
        """
        before, past = self.text(), [*self._past(), self._read()][-MOST_UNDONE:]
        new = await asyncio.to_thread(self._laid, read, text, before)
        _write(self._undo_path, json.dumps(past))
        self._take_over(new)
        await self._config.audit(by, Phrase("audit.overlay"))

    def _laid(self, read: Callable[[], Settings], text: str, before: str) -> Settings:
        """Put a text in place and return what results, or put the one before back."""
        _write(self.path, text)
        try:
            layer = read_yaml(self.path)
            try:
                return read()
            except ConfigError as err:
                raise ConfigError(tuple(_at_line(one, layer) for one in err.problems)) from err
        except BaseException:
            _write(self.path, before)
            raise

    async def put_home_name(self, settings: Settings, name: str, by: str) -> None:
        """Call the home otherwise."""
        data = self._read()
        data[HOME] = {"name": name}
        home = settings.home.model_copy(update={"name": name})
        await self._change(
            settings.model_copy(update={HOME: home}), data, by, Phrase("audit.home_named"), name
        )

    async def put_retention(self, settings: Settings, days: Mapping[str, float], by: str) -> None:
        """Keep records for so many days (the keys of RETENTION)."""
        data = self._read()
        data[STORE] = {key: days[key] for key in RETENTION}
        store = settings.store.model_copy(update=data[STORE])
        told = Phrase("audit.retention", **{key: float(data[STORE][key]) for key in RETENTION})
        await self._change(settings.model_copy(update={STORE: store}), data, by, told)

    async def undo(self, read: Callable[[], Settings], by: str) -> None:
        """Take the newest change back. Raises Refusal if there is none."""
        past = self._past()
        if not past:
            raise Refusal("nothing_to_undo", Phrase("refused.no_edit"))
        now = self._read()
        _write(self.path, HEAD + yaml.safe_dump(past[-1], allow_unicode=True))
        try:
            settings = await asyncio.to_thread(read)
        except HubError:
            _write(self.path, HEAD + yaml.safe_dump(now, allow_unicode=True))
            raise
        _write(self._undo_path, json.dumps(past[:-1]))
        self._take_over(settings)
        await self._config.audit(by, Phrase("audit.edit_undone"))

    def undo_touches_people(self) -> bool:
        """Say whether the newest change added or removed somebody who lives here."""
        past = self._past()
        return bool(past) and past[-1].get(PEOPLE, {}) != self._read().get(PEOPLE, {})

    async def forget(self, person: str | None) -> bool:
        """Take a person, or everyone (None), out of the overlay and of what can be undone.

        Returns whether the overlay named them. Writes nothing where nothing names them: a full disk
        must not keep anybody from being erased.
        """
        async with self.lock:
            data, past = self._read(), self._past()
            here, before = _without(data, person), [_without(one, person) for one in past]
            if (here, before) != (data, past):
                await asyncio.to_thread(self._write_both, _as_text(here), json.dumps(before))
        return here != data

    def _read(self) -> Data:
        return read(self.path)

    def _past(self) -> list[Data]:
        try:
            found = json.loads(self._undo_path.read_text())
        except (OSError, ValueError):
            return []
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    async def _change(
        self, new: Settings, data: Data, by: str, what: Phrase, name: str = ""
    ) -> None:
        problems = tuple(
            Problem(str(self.path), None, key, text) for key, text in contradictions(new)
        )
        if problems:
            raise ConfigError(problems)
        if sum(len(data.get(section, {})) for section in SECTIONS) > MOST_ENTRIES:
            raise Refusal("too_many", Phrase("refused.too_many_edits", most=MOST_ENTRIES))
        before = self._read()
        text = _as_text(data)
        past = json.dumps([*self._past(), before][-MOST_UNDONE:])
        await asyncio.to_thread(self._write_both, text, past)
        self._take_over(new)
        await self._config.audit(by, what, name)

    def _write_both(self, text: str, past: str) -> None:
        _write(self._undo_path, past)
        _write(self.path, text)


def read(path: Path) -> Data:
    """Return the overlay as plain data; empty if there is none. Raises ConfigError."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, yaml.YAMLError) as err:
        raise ConfigError((Problem(str(path), None, "", f"cannot be read: {err}"),)) from err
    if found is None:
        return {}
    known = {*SECTIONS, GUARDS, HOME, STORE}
    if not isinstance(found, dict) or not set(found) <= known:
        allowed = ", ".join(sorted(known))
        raise ConfigError((Problem(str(path), None, "", f"holds only {allowed}"),))
    for section in SECTIONS:
        if not isinstance(found.get(section, {}), dict):
            raise ConfigError((Problem(str(path), None, section, "is a mapping"),))
    if HOME in found and not (isinstance(found[HOME], dict) and set(found[HOME]) == {"name"}):
        raise ConfigError((Problem(str(path), None, HOME, "holds only name"),))
    kept = found.get(STORE, {})
    if not (isinstance(kept, dict) and set(kept) <= set(RETENTION)):
        allowed = " and ".join(RETENTION)
        raise ConfigError((Problem(str(path), None, STORE, f"holds only {allowed}"),))
    return found


def _without(data: Data, person: str | None) -> Data:
    """Return an overlay without a person, or without anybody (None)."""
    if PEOPLE not in data:
        return data
    kept = (
        {} if person is None else {who: one for who, one in data[PEOPLE].items() if who != person}
    )
    return {**data, PEOPLE: kept} if kept else {k: v for k, v in data.items() if k != PEOPLE}


def _as_text(data: Data) -> str:
    return HEAD + yaml.safe_dump(data, allow_unicode=True, sort_keys=True)


def lay_over(data: Data, edits: Data) -> list[tuple[str, ...]]:
    """Put the overlay on a configuration's plain data; return the key paths that it set."""
    touched: list[tuple[str, ...]] = []
    for section in SECTIONS:
        entries = data.setdefault(section, {})
        for name, entry in edits.get(section, {}).items():
            if entry is None:
                entries.pop(name, None)
            else:
                entries[name] = entry
                touched.append((section, str(name)))
    if edits.get(GUARDS) is not None:
        data[GUARDS] = edits[GUARDS]
        touched.append((GUARDS,))
    if HOME in edits:
        data.setdefault(HOME, {})["name"] = edits[HOME]["name"]
        touched.append((HOME, "name"))
    for key, value in edits.get(STORE, {}).items():
        data.setdefault(STORE, {})[key] = value
        touched.append((STORE, key))
    return touched


def _at_line(problem: Problem, layer: Layer) -> Problem:
    """Return a problem with its line in the overlay, if its key stands there."""
    path = tuple(problem.key.split("."))
    while path and path not in layer.places:
        path = path[:-1]
    return replace(problem, line=layer.places[path].line) if path else replace(problem, line=None)


def _write(path: Path, text: str) -> None:
    """Put a file in place at once, for nobody but its owner."""
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
