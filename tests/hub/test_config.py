from pathlib import Path

import pytest

from hub.config import DEFAULTS, DEMO, find_config, load
from hub.errors import ConfigError
from hub.settings import Settings

ROOM = "rooms: {den: {}}\n"


def problems(tmp_path: Path, text: str, **environment: str) -> list[str]:
    file = tmp_path / "hub.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, environment)
    return [str(p).removeprefix(f"{file}:") for p in caught.value.problems]


def test_defaults_alone_are_complete_and_say_what_the_code_says() -> None:
    assert load(None, {}) == Settings()
    assert DEFAULTS.is_file()


def test_the_demo_is_valid() -> None:
    demo = load(DEMO, {})
    assert set(demo.senses.cameras) == {"demo_camera"}
    assert demo.drivers.mqtt is None


def test_unknown_key_names_line_key_and_what_is_allowed(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "home:\n  nmae: X\n")
    assert line.startswith("2: home.nmae: unknown key (did you mean 'name'?); allowed here: kind, ")


def test_unknown_key_inside_named_sections_lists_that_sections_keys(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "rooms:\n  den: {nam: X}\n")
    assert (
        line == "2: rooms.den.nam: unknown key (did you mean 'name'?); allowed here: devices, name"
    )


def test_every_error_is_listed_at_once_in_order(tmp_path: Path) -> None:
    lines = problems(
        tmp_path,
        "home: {kind: office}\nguards:\n  hysteresis: 3\ndrivers:\n  mqtt: {port: 0, prt: 1}\n",
    )
    assert [line.split(": ")[:2] for line in lines] == [
        ["1", "home.kind"],
        ["3", "guards.hysteresis"],
        ["5", "drivers.mqtt.port"],
        ["5", "drivers.mqtt.prt"],
    ]
    assert "'household'" in lines[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [", "1: not YAML"),
        ("- x\n", "1: must be a mapping of sections"),
        ("home: {name: a, name: b}", "1: home.name: stands here a second time"),
        ("home: !!python/object:os.system {}\n", "1: home"),
        ("? [a]\n: b\n", "1: a key must be plain text"),
        ("home: {name: 2026-99-99}", "1: home.name"),
        ("home: {latitude: 5}", "1: home: latitude and longitude are given together"),
        ("home: {timezone: Mars/Base}", "1: home.timezone: unknown time zone 'Mars/Base'"),
        ("rooms: {den: {devices: ['mqtt:x']}}", "1: rooms.den.devices: unknown device 'mqtt:x'"),
        ("people: {ada: {lives_in: [attic]}}", "1: people.ada.lives_in: unknown room 'attic'"),
        ("senses: {text: {room: attic}}", "1: senses.text.room: unknown room 'attic'"),
        ("senses: {cameras: {c: {room: x, url: 0}}}", "1: senses.cameras.c.room: unknown room"),
        ("scenes: {s: {name: empty}}", "1: scenes.s: changes nothing"),
        (
            "drivers: {mqtt: {tls: true, ca_file: no.crt}}",
            "1: drivers.mqtt.ca_file: there is no file",
        ),
        ("drivers: {mqtt: {ca_file: no.crt}}", "1: drivers.mqtt: `ca_file` means TLS"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, expected: str) -> None:
    assert any(line.startswith(expected) for line in problems(tmp_path, text))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{room: attic, when: {presence: true}, then: {restore: true}}", "rules.r.room: unknown"),
        ("{room: den, when: {}, then: {restore: true}}", "rules.r.when: is empty"),
        ("{room: den, when: {presence: true}, then: {}}", "rules.r.then: give exactly one"),
        ("{room: den, when: {presence: true}, then: {scene: s}}", "rules.r.then.scene: unknown"),
        ("{room: den, when: {sun: up}, then: {restore: true}}", "rules.r.when.sun: needs home"),
        ("{room: den, when: {person: x}, then: {restore: true}}", "rules.r.when.person: unknown"),
        (
            "{room: den, when: {mood: {valence: [1, 0]}}, then: {restore: true}}",
            "rules.r.when.mood.valence: 1 lies above 0",
        ),
        (
            "{room: den, when: {sensor: {device: 'mqtt:a', kind: x}}, then: {restore: true}}",
            "rules.r.when.sensor: give is, above or below",
        ),
    ],
)
def test_rules_must_make_sense(tmp_path: Path, rule: str, expected: str) -> None:
    assert any(
        line.startswith(f"2: {expected}")
        for line in problems(tmp_path, f"{ROOM}rules: {{r: {rule}}}")
    )


def test_one_device_stands_in_one_room(tmp_path: Path) -> None:
    text = (
        "drivers: {simulated: {devices: {lamp: {kind: lamp}}}}\n"
        "rooms: {a: {devices: ['simulated:lamp']}, b: {devices: ['simulated:lamp']}}\n"
    )
    assert any("stands in 'a' already" in line for line in problems(tmp_path, text))


def test_sources_have_unique_names_and_wearables_a_wearer(tmp_path: Path) -> None:
    text = (
        "rooms: {den: {}}\nsenses:\n  cameras: {x: {room: den, url: 0}}\n"
        "  microphones: {x: {room: den}}\n"
        "  wearables: {w: {device: 'simulated:none', person: nobody, room: den}}\n"
    )
    lines = problems(tmp_path, text)
    assert any("a source's name is unique" in line for line in lines)
    assert any("unknown person 'nobody'" in line for line in lines)
    assert any("unknown device 'simulated:none'" in line for line in lines)


def test_the_file_overrides_defaults_and_the_environment_both(tmp_path: Path) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text("home: {name: Ours}\nlog: {level: warning}\nguards: {hysteresis: 0.2}\n")
    settings = load(file, {"MOODSYNC__log__level": "debug", "MOODSYNC__MODELS__THREADS": "2"})
    assert (settings.home.name, settings.log.level, settings.models.threads) == ("Ours", "debug", 2)
    assert settings.guards.hysteresis == 0.2
    assert settings.guards.confidence_floor == 0.35


def test_a_wrong_environment_variable_is_named(tmp_path: Path) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text("")
    for name, text in (("MOODSYNC__log__level", "loud"), ("MOODSYNC__log__level", "[")):
        with pytest.raises(ConfigError, match=r"\$MOODSYNC__log__level"):
            load(file, {name: text})


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text(
        "store: {directory: state}\nrooms: {den: {}}\n"
        "senses: {cameras: {c: {room: den, url: clip.avi}, d: {room: den, url: 'rtsp://x/y'}}}\n"
    )
    settings = load(file, {})
    assert settings.store.directory == tmp_path / "state"
    assert settings.senses.cameras["c"].url == str(tmp_path / "clip.avi")
    assert settings.senses.cameras["d"].url == "rtsp://x/y"


def test_unreadable_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml", {})
    (tmp_path / "latin").write_bytes(b"home: {name: \xff}")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(tmp_path / "latin", {})
    (tmp_path / "big").write_text("#" * 1_000_001)
    with pytest.raises(ConfigError, match="larger than"):
        load(tmp_path / "big", {})


def test_aliases_cannot_unfold_without_end(tmp_path: Path) -> None:
    layers = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    layers += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    (tmp_path / "bomb").write_text("\n".join(layers))
    with pytest.raises(ConfigError, match="more than 50000 values"):
        load(tmp_path / "bomb", {})


def test_the_file_that_is_used_when_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MOODSYNC_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert find_config() == DEMO
    (tmp_path / "moodsync").mkdir()
    ours = tmp_path / "moodsync" / "hub.yaml"
    ours.write_text("")
    assert find_config() == ours
    monkeypatch.setenv("MOODSYNC_CONFIG", "/elsewhere.yaml")
    assert find_config() == Path("/elsewhere.yaml")
