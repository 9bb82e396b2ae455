"""What the pages name exists: files, links, commands with their options, settings, figures."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from hub import supervisor
from hub.api import auth, challenges, events, live_client, server
from hub.api.service import FIRST_WAIT_S
from hub.app import SAVE_LIMIT_S, STORE_CLOSE_LIMIT_S
from hub.cli.main import build_parser
from hub.decide import wishes
from hub.edits import MOST_UNDONE
from hub.mood import context
from hub.push import sender
from hub.settings import Settings
from hub.store import ageing, backlog, copies, history, reader, recover, retention, thinning, writer
from sync import pairing

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
names = [str(page.relative_to(ROOT)) for page in PAGES]

HOME_FILES = {"hub.yaml", "edits.yaml", "manifest.json"}
"""What a running hub makes; it is in no checkout."""
EVENTS = {"mood.entered", "mood.left"}
"""Of webhooks: they look like settings."""
BASES = ("", "docs", "hub/web", "hub/web/src")
"""Where a page's short paths begin, besides the folder that its paragraph names before them."""


def exists(path: str, text: str) -> bool:
    """Say whether a path is there, from the root or from a folder that the page names."""
    folders = {*BASES, *re.findall(r"`([\w/]+)/[\w./]*`", text)}
    return any((ROOT / folder / path).exists() for folder in folders)


def commands(text: str) -> set[str]:
    """Return what stands after `moodsync` in code, without comments; no label of a protocol."""
    inline = re.findall(r"`(?:\.venv/bin/)?moodsync ([a-z][^`]*)`", text)
    blocks = re.findall(r"^(?:```sh\n(.*?)```|((?: {4}.*\n)+))", text, re.DOTALL | re.MULTILINE)
    lines = "\n".join(a + b for a, b in blocks)
    inline += re.findall(r"^ *(?:\S*/)?moodsync ([a-z].*?)(?:\s+#.*)?$", lines, re.MULTILINE)
    flat = {" ".join(one.split()) for one in inline}
    return {one for one in flat if " v1" not in one and "..." not in one and " | " not in one}


def has_setting(model: type[BaseModel], path: list[str]) -> bool:
    """Say whether the configuration has a key; the names that a household gives are free."""
    field = next(
        (f for n, f in model.model_fields.items() if path[0] in {n, f.alias}),
        None,
    )
    if field is None:
        return False
    inner = [t for t in _models(field.annotation) if t is not model]
    rest = path[2:] if path[1:2] == ["*"] else path[1:]
    return not rest or any(has_setting(one, rest) for one in inner)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for arg in getattr(annotation, "__args__", ()) for m in _models(arg)]


@pytest.mark.parametrize("name", names)
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert target.startswith("http") or (page.parent / target).exists(), target


@pytest.mark.parametrize("name", names)
def test_every_file_that_is_named_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for path in re.findall(r"`([\w-][\w./-]*\.(?:py|yaml|toml|md|service|conf|tsx?|json))`", text):
        assert path in HOME_FILES or exists(path, text), path
    for path in re.findall(r"`((?:scripts|hub|drivers|models|sync|tests)/[\w./-]+)`", text):
        assert exists(path, text), path


@pytest.mark.parametrize("name", names)
def test_every_command_is_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in commands((ROOT / name).read_text(encoding="utf-8")):
        words = shlex.split(command)
        try:
            build_parser().parse_args(words)
        except SystemExit:
            said = capsys.readouterr().err
            # Prose may name a command without what it needs.
            assert "required" in said, f"moodsync {command}: {said}"


@pytest.mark.parametrize("name", names)
def test_every_setting_is_one(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    sections = "|".join(Settings.model_fields)
    for key in re.findall(rf"`((?:{sections})(?:\.(?:[a-z_]+|\*))+)`", text):
        module = (ROOT / key.replace(".", "/")).parent.with_suffix(".py")
        if not module.exists() and not key.endswith(".py") and key not in EVENTS:
            assert has_setting(Settings, key.split(".")), key


def test_what_the_pages_say_is_found() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    found = {command for text in texts for command in commands(text)}
    assert found >= {'say "what a lovely day"', "restore --undo", "pair --sticker", "run"}
    assert not has_setting(Settings, ["store", "keep_readings_weeks"])
    assert has_setting(Settings, ["people", "*", "lives_in"])


def test_the_apps_figures_are_the_same_on_both_pages() -> None:
    (row,) = re.findall(r"\| the app: .*\|", (ROOT / "README.md").read_text(encoding="utf-8"))
    figures = row.split("|")[2].split("/")
    page = (ROOT / "docs" / "app.md").read_text(encoding="utf-8")
    assert len(figures) == 3
    for figure in figures:
        assert f"| {figure.strip()} |" in page


STOPS_S = sum(supervisor.STOP_LIMIT_S.values()) + SAVE_LIMIT_S + STORE_CLOSE_LIMIT_S


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("install", f"stops within {STOPS_S + 1:.0f} seconds"),
        ("rules", f"at least {wishes.NOT_NOW_LEAST_S / 60:.0f} min"),
        ("rules", f"{wishes.LESS_SURE} less `confidence`"),
        ("storage", f"or when {history.EARLY_ROWS} rows wait"),
        ("storage", f"When {backlog.LIMIT} rows wait"),
        ("storage", f"a limit of rows and of {reader.LIMIT_S:.0f} s"),
        ("storage", f"an error after {writer.LIMIT_S:.0f} s"),
        ("storage", f"in steps of {retention.CHUNK} rows"),
        ("storage", f"one row for each {thinning.WINDOW_S:.0f} s"),
        ("storage", f"or more than {ageing.MAX_OFF_MS // ageing.DAY_MS} days is not believed"),
        ("storage", f"{Settings().store.keep_readings_days:g}), everything else"),
        ("storage", f"`store.keep_moods_days` ({Settings().store.keep_moods_days:g})"),
        ("api", f"opens it for {pairing.OPEN_S:.0f} seconds"),
        ("api", f"a client {live_client.QUEUE} messages behind is closed with {live_client.SLOW}"),
        ("api", f"session was ended with {live_client.ENDED}"),
        ("api", f"The hub pings every {events.HEARTBEAT_S:.0f} s"),
        ("api", f"{sender.QUEUE} may wait"),
        ("api", f"read again every {['', 'six'][server.RENEW_EVERY_S == 6 * 3600]} hours"),
    ],
)
def test_figures_are_those_of_the_code(name: str, told: str) -> None:
    flat = " ".join((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8").split())
    assert told in flat


def test_figures_in_words_are_those_of_the_code() -> None:
    assert pairing.TRIES == 3  # "three tries", "nine digits"
    assert pairing.DIGITS == 9
    assert copies.KEPT == 7  # "the newest seven"
    assert recover.MAX_BROKEN == 2  # "at most two of each"
    assert recover.CHECK_LIMIT_S == 1.0  # "at most a second"
    assert challenges.LASTS_S == 60.0  # "for a minute"
    assert auth.PROOF_LASTS_MS == 10 * 60_000  # "within ten minutes"
    assert sender.TRIES == 5  # "tried five times"
    assert sender.LONGEST_PAUSE_S == 5 * 60  # "pauses up to five minutes"
    assert context.SEEN_S == 60.0  # "in the last minute"
    assert wishes.SOONER == 0.5  # "half of"
    assert MOST_UNDONE == 20  # "Twenty changes"
    assert FIRST_WAIT_S == 2.0  # "or two seconds"
