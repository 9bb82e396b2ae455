import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from hub.log import set_up


@pytest.fixture(autouse=True)
def plain_logging_afterwards() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_private_fields_and_credentials_in_addresses_are_blanked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up("info", "json")
    structlog.get_logger("hub.x").info(
        "camera_lost", url="rtsp://ada:hunter2@cam/1", password="hunter2", valence=0.5, n=3
    )
    (line,) = lines(capsys)
    assert "hunter2" not in json.dumps(line)
    assert (line["url"], line["valence"], line["n"]) == ("rtsp://[private]@cam/1", "[private]", 3)


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_trace_never_holds_local_variables(
    style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up("info", style)  # type: ignore[arg-type]
    said = "my " + "secret diary"
    try:
        int(f"x{len(said)}")
    except ValueError:
        structlog.get_logger("hub.x").exception("failed")
    err = capsys.readouterr().err
    assert "ValueError" in err
    assert "my secret diary" not in err


def test_libraries_speak_only_of_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info", "json")
    logging.getLogger("paho").info("chatter")
    logging.getLogger("paho").warning("trouble")
    logging.getLogger("hub.y").info("ours")
    assert [line["event"] for line in lines(capsys)] == ["trouble", "ours"]


def test_bad_formatting_in_a_library_does_not_stop_the_hub(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up("info", "json")
    logging.getLogger("paho").warning("a %d", "not a number")
    assert "--- Logging error ---" in capsys.readouterr().err
