"""The line that tells how far long work has come."""

import io
import sys

import pytest

from hub.cli.progress import counted


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_much_is_left_and_a_file_sees_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("hub.cli.progress.time.monotonic", lambda: now)
    for place, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", place)
        now = 100.0
        tell = counted("reading voice")
        for done in range(1, 11):
            now += 0.2
            tell(done, 10)
        said = place.getvalue()
        assert bool(said) is shown
        if shown:
            lines = said.replace("\n", "").split("\r")[1:]
            assert lines[0].strip() == "reading voice: 3 of 10, 1 s left"
            assert lines[-1].strip() == "reading voice: 10 of 10, 0 s left"
            assert len(lines) == 4  # not one for each
            assert said.endswith("\n")
