"""A German reader is told in German: refusals, reasons now and long ago, live updates, push."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from hub.api.access import Role
from hub.config import load
from hub.control_client import ControlClient
from hub.errors import Refusal
from hub.phrase import Phrase
from hub.push.news import SPEAKS
from hub.state_dir import control_socket
from hub.types import Decision, Held, RoomId, SceneGoal, Trigger
from sync.base64url import b64
from tests.hub.api_rig import API, Rig, running, settings_for

pytestmark = pytest.mark.slow

GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}
BECAUSE = Phrase(
    "because.decision",
    what=Phrase("because.scene", scene="Soft"),
    room="Living room",
    why=(Phrase("because.sun_down"), Phrase("because.somebody")),
    rule="soften",
)
SAID = "Scene “Soft” in Living room because it is after sunset and somebody is there (rule soften)."
GESAGT = (
    "Living room: Szene „Soft“, weil die Sonne untergegangen ist und jemand da ist (Regel soften)."
)


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


def decide(rig: Rig, because: str = BECAUSE) -> None:
    now, number = rig.hub.clock.monotonic(), rig.hub.store.next_ids().decision
    what = RoomId("living_room"), "soften", SceneGoal("soft"), Trigger.TIME, because
    rig.hub.bus.publish(Decision(number, *what, 1.0, None, now, now + 1))


async def ask(client: aiohttp.ClientSession, path: str, **more: Any) -> Any:
    async with client.get(f"{API}{path}", **more) as answer:
        return await answer.json()


async def test_a_refusal_is_told_in_the_language_that_was_asked_for(rig: Rig) -> None:
    stranger, adult = rig.client(), await rig.as_(Role.ADULT)
    english = await ask(stranger, "/status")
    german = await ask(stranger, "/status", headers=GERMAN)
    assert english["title"] == "this needs a session"
    assert german["title"] == "dafür braucht es eine Sitzung"
    assert german["mend"] == "dieses Gerät koppeln oder ein Bearer-Token senden"
    assert english | {"title": "", "mend": ""} == german | {"title": "", "mend": ""}
    lost = await ask(adult, "/decisions/7", headers=GERMAN)
    assert (lost["code"], lost["title"]) == ("not_found", "diese Entscheidung gibt es nicht")
    path, wish = f"{API}/scenes/no_such/apply", {"room": "living_room"}
    async with adult.post(path, json=wish, headers=GERMAN) as answer:
        assert (await answer.json())["title"] == "es gibt keine Szene „no_such“"


async def test_reasons_are_told_in_each_readers_language_now_and_later(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    decide(rig, "Dimmed by an older version.")
    decide(rig)
    for headers, words in (({}, SAID), (GERMAN, GESAGT)):
        rooms = (await ask(adult, "/moods?room=living_room", headers=headers))["rooms"]
        assert rooms[0]["decisions"][0]["because"] == words
        past = (await ask(adult, "/decisions", headers=headers))["decisions"]
        assert [one["because"] for one in past] == [words, "Dimmed by an older version."]
        one = await ask(adult, f"/decisions/{past[0]['id']}", headers=headers)
        assert one["because"] == words


SAVED = ("member added or changed", "Mitglied hinzugefügt oder geändert")


async def test_who_did_what_is_told_in_each_readers_language(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    config = rig.hub.store.config
    await config.set_privacy(True, "ada")
    await config.set("sharing ada", True, "ada")
    await config.audit("hub", Phrase("audit.webhook", name="out"), Phrase("webhook.certificate"))
    old = "INSERT INTO audit (at, actor, action, detail) VALUES (1, 'ada', 'set theme', 'dark')"
    await config.write(lambda conn: conn.execute(old))
    for headers, words in (
        (
            {},
            [
                ("set theme", "dark"),  # an older version's
                ("webhook out", "its certificate is not accepted"),
                ("changed: who sees one's own mood", "ada"),
                ("privacy mode on", ""),
            ],
        ),
        (
            GERMAN,
            [
                ("set theme", "dark"),
                ("Webhook out", "sein Zertifikat wird nicht angenommen"),
                ("geändert: wer die eigene Stimmung sieht", "ada"),
                ("Privatmodus an", ""),
            ],
        ),
    ):
        log = (await ask(adult, "/privacy/audit?limit=4", headers=headers))["entries"]
        assert [(one["action"], one["detail"]) for one in log] == words
        hub = "der Hub" if headers else "the hub"
        assert [one["who"] for one in log] == ["Ada", hub, "Ada", "Ada"]
        members = (await ask(adult, "/privacy/audit", headers=headers))["entries"]
        saved = next(one for one in members if one["action"] in SAVED)
        assert saved["detail"] == "adult"  # by name, though the log keeps the id


async def test_what_was_not_done_says_why_in_german(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    now = rig.hub.clock.monotonic()
    rig.hub.bus.publish(Held(RoomId("study"), "soften", "quiet_hours", None, now))
    rooms = (await ask(adult, "/moods?room=study", headers=GERMAN))["rooms"]
    assert rooms[0]["decisions"][0]["because"] == "Regel soften tat nichts, weil Ruhezeit ist."


async def until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (message := await socket.receive_json())["type"] != kind:
            pass
    found: dict[str, Any] = message
    return found


async def test_live_updates_speak_each_clients_language(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    subscribe: dict[str, Any] = {"do": "subscribe", "topics": ["moods"]}
    async with (
        adult.ws_connect(f"{API}/events") as english,
        adult.ws_connect(f"{API}/events", headers=GERMAN) as german,
        adult.ws_connect(f"{API}/events") as chosen,
    ):
        await english.send_json(subscribe)
        await german.send_json(subscribe)
        await chosen.send_json(subscribe | {"language": "de"})
        snapshots = [await until(one, "snapshot") for one in (english, german, chosen)]
        decide(rig)
        told = [await until(one, "delta") for one in (english, german, chosen)]
        said = [one["data"]["decisions"][0]["because"] for one in told]
        assert said == [SAID, GESAGT, GESAGT]
        # Who missed it is told it in the language they have when they are back.
        again = subscribe | {"boot": snapshots[0]["boot"], "seq": snapshots[0]["seq"]}
        async with adult.ws_connect(f"{API}/events") as late:
            await late.send_json(again | {"language": "de"})
            missed = await until(late, "delta")
            assert missed["data"]["decisions"][0]["because"] == GESAGT
        # Another language is a new beginning.
        await english.send_json(subscribe | {"language": "de"})
        anew = await until(english, "snapshot")
        assert anew["data"]["rooms"][0]["decisions"][0]["because"] == GESAGT
        await english.send_json({"do": "dance"})
        assert (await until(english, "problem"))["title"] == "diese Nachricht ist nicht bekannt"


async def test_a_browsers_language_is_kept_for_what_it_is_told_later(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    keys = {"p256dh": b64(b"\x04" + b"p" * 64), "auth": b64(b"a" * 16)}
    wanted = {"endpoint": "https://push.example.com/1", "keys": keys, "topics": ["test"]}
    async with adult.put(f"{API}/push/subscriptions", json=wanted, headers=GERMAN) as answer:
        assert await answer.json() == {"topics": ["test"], "details": False}
    (target,) = rig.hub.store.accounts.push.values()
    assert SPEAKS + "de" in target.topics


async def test_a_home_that_speaks_german_does_so_where_nobody_asks(state: Path) -> None:
    settings = settings_for(state, home={"name": "Zuhause", "language": "de"})
    async with running(settings) as rig:
        adult = await rig.as_(Role.ADULT)
        decide(rig)
        for headers, words in (({}, GESAGT), ({"Accept-Language": "en"}, SAID)):
            past = await ask(adult, "/decisions", headers=headers)
            assert past["decisions"][0]["because"] == words

        def by_command_line() -> str:
            client = ControlClient(control_socket(settings.store))
            with pytest.raises(Refusal) as refused:
                client.call("scene", room="attic", scene="soft")
            client.close()
            return str(refused.value)

        assert await asyncio.to_thread(by_command_line) == "es gibt keinen Raum „attic“"


@pytest.mark.parametrize(
    ("text", "english", "german"),
    [
        ("guards: {confidence_floor: 7}", "at most 1, not 7", "soll höchstens 1 sein, nicht 7"),
        ("rooms: {den: {nam: x}}", "(did you mean 'name'?)", "(gemeint war 'name'?)"),
        ("rooms: []", "is a mapping", "is a mapping"),  # of the overlay itself: English alone
        ("rooms: {den: {name: [1]}}", "a text, not [1]", "soll ein Text sein, nicht [1]"),
        ("rooms: {den: {devices: 7}}", "a list, not 7", "soll eine Liste sein, nicht 7"),
        ("rules: {r: {room: study}}", "is missing", "fehlt"),
        ("scenes: {soft: {name: Soft}}", "changes nothing;", "ändert nichts;"),
        (
            "rules: {r: {room: attic, when: {presence: true}, then: {scene: soft}}}",
            "unknown room 'attic'; there are",
            "unbekannter Raum 'attic'; es gibt",
        ),
    ],
)
async def test_a_mistake_in_the_configuration_is_told_in_the_writers_language(
    rig: Rig, tmp_path: Path, text: str, english: str, german: str
) -> None:
    owner = await rig.as_(Role.OWNER)
    file = tmp_path / "hub.yaml"
    file.write_text(yaml.safe_dump(rig.hub.settings.model_dump(mode="json", exclude_defaults=True)))
    rig.hub.read_settings = lambda: load(file, {})
    for headers, words in (({}, english), (GERMAN, german)):
        tag = (await ask(owner, "/system/config/overlay"))["etag"]
        sent = {"yaml": text}
        path = f"{API}/system/config/overlay"
        async with owner.put(path, json=sent, headers={"If-Match": tag, **headers}) as answer:
            told = await answer.json()
        assert answer.status == 422
        assert words in " ".join(one["message"] for one in told["errors"]), told
