"""The main job on one command, as a household starts it: demo, real models, simulated lamps."""

import json
import os
import signal
import ssl
import time
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.running import moodsync, running_hub

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def test_the_demo_runs_says_and_sums_up(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = moodsync(
        "run",
        "--no-input",
        "--for",
        "20",
        "--say",
        "what a lovely day",
        "--summary",
        str(out),
        environment={"MOODSYNC__store__directory": str(tmp_path / "state")},
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(out.read_text())
    for count in ("frames", "faces", "voice_windows", "texts", "readings", "moods"):
        assert summary[count] > 0, (count, summary, done.stderr)
    for count in ("decisions", "commands", "outcomes"):
        assert summary[count] > 0, (count, summary, done.stderr)
    assert summary["restarts"] == 0
    assert summary["outcomes"] == summary["commands"]
    assert summary["outcomes_by_status"].get("failed", 0) == 0
    assert summary["camera_to_command_ms"]["p50"] is not None
    assert summary["rss_mb"]["hub"] > 0
    assert "Traceback" not in done.stderr
    assert "what a lovely day" not in done.stderr


def test_a_running_hub_answers_its_command_line(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        hub.wait_for(lambda s: s["counts"]["moods"] > 0 and s["counts"]["outcomes"])
        assert hub.cli("say", "I am so angry about this!", code=1)["error"] == "consent_required"
        hub.cli("consent", "give", "ada", "text")
        heard = hub.cli("say", "I am so angry about this!")
        assert heard["label"] == "anger"
        assert hub.cli("say", "", code=1)["error"] == "empty_text"
        assert hub.cli("say", "-", code=1, stdin="x" * 5000)["error"] == "text_too_long"
        assert hub.cli("say", "hi", "--person", "nobody", code=1)["error"] == "unknown_person"

        (room,) = hub.cli("moods", "--once")["rooms"]
        assert room["mood"]["weights"]
        assert {sense["sense"] for sense in room["senses"]} >= {"face", "text"}
        assert any("seems" in decision["because"] for decision in room["decisions"])

        devices = {d["id"]: d for d in hub.cli("devices")["devices"]}
        assert all(device["simulated"] for device in devices.values())
        assert (
            hub.cli("devices", "set", "simulated:lamp", "--level", "0.2")["outcomes"][0]["status"]
            == "done"
        )
        (lamp,) = hub.cli("devices", "show", "simulated:lamp")["devices"]
        assert lamp["state"]["level"] == pytest.approx(0.2, abs=0.01)
        refused = hub.cli("devices", "set", "simulated:none", "--on", code=1)
        assert refused["outcomes"][0]["status"] == "refused"

        named = hub.cli("devices", "rename", "simulated:lamp", "Reading", "lamp")["device"]
        assert named["name"] == "Reading lamp"
        assert hub.cli("devices", "room", "simulated:lamp", "-")["device"]["room"] is None
        assert hub.cli("devices", "room", "simulated:lamp")["device"]["room"] == "living_room"
        hub.cli("devices", "hide", "simulated:lamp")
        assert "simulated:lamp" not in {d["id"] for d in hub.cli("devices")["devices"]}
        assert "simulated:lamp" in {d["id"] for d in hub.cli("devices", "--all")["devices"]}
        assert hub.cli("devices", "show", "simulated:lamp")["devices"], "hidden from lists alone"
        (player,) = hub.cli("devices", "show", "PLAYER")["devices"]
        assert player["id"] == "simulated:player"
        assert hub.cli("devices", "show", "nobody", code=1)["error"] == "unknown_device"
        assert hub.cli("devices", "show", "Reading lamp", code=1)["error"] == "ambiguous"
        assert hub.cli("devices", "forget", "simulated:lamp", code=1)["error"] == "device_is_here"
        told = hub.cli("devices", "diagnose", "simulated:lamp")
        assert told["last_outcomes"]
        assert told["driver"]["service"]["state"] == "running"
        assert hub.cli("network")["operations"] == []
        assert hub.cli("network", "nobody", code=1)["error"] == "unknown_driver"
        assert hub.cli("devices", "permit-join", code=1)["error"] == "unknown_operation"

        hub.cli("scene", "living_room", "soft_evening")
        assert hub.cli("scene", "living_room", "none", code=1)["error"]
        hub.cli("correct", "wrong", "--was", "sadness")
        exported = tmp_path / "export"
        files = hub.cli("export", "ada", "--out", str(exported))["files"]
        assert sum(files.values()) > 0
        assert any(path.suffix == ".csv" for path in exported.rglob("*"))


def test_privacy_mode_closes_camera_and_microphone_and_is_remembered(tmp_path: Path) -> None:
    def states(status: dict[str, object]) -> set[str]:
        senses: list[dict[str, str]] = status["senses"]  # type: ignore[assignment]
        return {s["state"] for s in senses if s["sense"] in {"face", "voice"}}

    with running_hub(tmp_path) as hub:
        hub.wait_for(lambda s: states(s) == {"on"} and s["sense_process"]["frames"] > 0)
        hub.cli("privacy", "on")
        hub.wait_for(lambda s: states(s) == {"off"}, 6.0)
        frames = hub.cli("status")["sense_process"]["frames"]
    with running_hub(tmp_path) as hub:
        status = hub.wait_for(lambda s: s["sense_process"]["ready_after_s"] is not None)
        assert status["privacy"] is True
        assert states(status) == {"off"}
        assert status["sense_process"]["frames"] == 0 < frames


def test_killing_the_sensing_process_leaves_lights_working_and_moods_come_back(
    tmp_path: Path,
) -> None:
    with running_hub(tmp_path) as hub:
        status = hub.wait_for(lambda s: s["counts"]["moods"] > 0 and s["sense_process"]["pid"])
        pid = status["sense_process"]["pid"]
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        outcome = hub.cli("devices", "set", "simulated:lamp", "--on")["outcomes"][0]
        assert outcome["status"] == "done"
        assert outcome["took_ms"] < 100
        faces = hub.wait_for(lambda s: s["sense_process"]["pid"] not in {None, pid})
        before = faces["counts"]["readings"]
        hub.wait_for(lambda s: s["counts"]["readings"] > before + 2, 20.0)
        assert time.monotonic() - killed < 12


def test_kill_minus_nine_of_the_hub_loses_nothing_acknowledged(tmp_path: Path) -> None:
    said = 0
    for _ in range(2):
        with running_hub(tmp_path) as hub:
            hub.wait_for(lambda s: s["sense_process"]["ready_after_s"] is not None)
            hub.cli("consent", "give", "ada", "text")
            for _ in range(3):
                hub.cli("say", "thank you so much")
                said += 1
            hub.process.kill()
            hub.process.wait(5)
    with running_hub(tmp_path) as hub:
        assert hub.cli("status")["store"]["ok"]
        exported = tmp_path / "export"
        hub.cli("export", "ada", "--out", str(exported))
        readings = json.loads(next(exported.rglob("readings*.json")).read_text())
        rows = readings if isinstance(readings, list) else readings["rows"]
        assert sum(row["sense"] == "text" for row in rows) == said


def test_sigterm_stops_in_time_and_sighup_takes_over_rules(tmp_path: Path) -> None:
    with running_hub(tmp_path, changes={"rules": {}}) as hub:
        hub.wait_for(lambda s: s["counts"]["moods"] > 0)
        config = hub.config.read_text()
        hub.config.write_text("rules: {broken")
        hub.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        assert (
            hub.cli("status", "--config", str(_fresh(tmp_path, config)))["counts"]["decisions"] == 0
        )
        rule = (
            "rules: {any: {room: living_room, when: {mood: {valence: [-1, 1], confidence: 0}}, "
            "then: {scene: steady}}}\n"
        )
        hub.config.write_text(config.replace("rules: {}\n", rule))
        hub.process.send_signal(signal.SIGHUP)
        hub.wait_for(lambda s: s["counts"]["decisions"] > 0)
        asked = time.monotonic()
        hub.process.send_signal(signal.SIGTERM)
        assert hub.process.wait(15) == 0
        assert time.monotonic() - asked < 15
    log = (tmp_path / "hub.log").read_text()
    assert "config_refused" in log
    assert "Traceback" not in log


def _fresh(folder: Path, config: str) -> Path:
    copy = folder / "copy.yaml"
    copy.write_text(config)
    return copy


def test_erasing_everything_leaves_no_trace(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        hub.wait_for(lambda s: s["counts"]["moods"] > 0)
        hub.cli("consent", "give", "ada", "text")
        hub.cli("say", "I feel wonderful")
        assert hub.cli("erase", "ada", code=1)["error"] == "not_confirmed"
        erased = hub.cli("erase", "ada", "--yes")
        assert erased["traces"] == 0
        assert sum(erased["erased"].values()) > 0
    environment = {"MOODSYNC__store__directory": str(tmp_path / "state")}
    done = moodsync("erase", "--all", "--yes", "--json", environment=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["traces"] == 0


def test_commands_without_a_hub_say_so(tmp_path: Path) -> None:
    environment = {"MOODSYNC__store__directory": str(tmp_path)}
    done = moodsync("status", environment=environment)
    assert done.returncode == 3
    assert "moodsync run" in done.stderr
    assert moodsync("check", "--config", str(tmp_path / "none")).returncode == 4
    assert moodsync("devices", "fly").returncode == 2
    for command in ("run", "say", "moods", "erase"):
        assert moodsync(command, "--help").returncode == 0


def test_the_command_line_lets_scripts_and_phones_in(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        hub.wait_for(
            lambda s: {h["name"]: h["state"] for h in s["services"]}.get("api") == "running"
        )
        made = hub.cli("token", "script", "--role", "guest", "--scope", "see")
        context = ssl.create_default_context(cafile=made["authority_file"])
        request = urllib.request.Request(
            f"{made['url']}/api/v1/status", headers={"Authorization": f"Bearer {made['token']}"}
        )
        with urllib.request.urlopen(request, context=context, timeout=10) as answer:
            assert json.load(answer)["home"] == "Demo home"
        shown = hub.cli("pair", "--person", "ada", "--no-wait")
        assert len(shown["digits"]) == 9
        assert "/pair#1." in shown["link"]
        assert hub.cli("pair", "--person", "nobody", code=1)["error"] == "unknown_person"
        plain = moodsync(
            "pair", "--no-wait", "--config", str(hub.config), environment=hub.environment
        ).stdout
        assert "On this machine open https://localhost" in plain
        assert "for them set api.bind: lan" in plain
        assert "api.bind: lan" in plain
    log = (tmp_path / "hub.log").read_text()
    assert made["token"] not in log
    assert shown["digits"] not in log
