import socket
from pathlib import Path

import pytest

from hub import notify
from hub.process_stats import process_stats


def test_systemd_is_told_when_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert notify.notify("READY=1") is False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "n"))
        systemd.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n"))
        assert notify.notify("READY=1") is True
        assert systemd.recv(100) == b"READY=1"
    assert notify.notify("READY=1") is False


def test_abstract_sockets_work_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0moodsync-test-notify")
        systemd.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", "@moodsync-test-notify")
        assert notify.notify("WATCHDOG=1") is True
        assert systemd.recv(100) == b"WATCHDOG=1"


def test_the_watchdog_is_fed_at_half_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    for value, expected in (("30000000", 15.0), ("", None), ("x", None)):
        monkeypatch.setenv("WATCHDOG_USEC", value)
        assert notify.watchdog_interval_s() == expected
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert notify.watchdog_interval_s() is None


def test_a_process_knows_what_it_uses() -> None:
    own = process_stats()
    assert own is not None
    assert 5 < own.rss_mb < 5000
    assert own.cpu_s > 0
    assert process_stats(2**22 + 1) is None
