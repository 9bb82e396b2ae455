import sys
from pathlib import Path

import pytest

from hub.bench import models
from hub.bench.models import Peer, contest, environment
from hub.errors import HubError


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_our_face_path_is_measured_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(models.PEERS_FOLDER, str(tmp_path / "none"))
    figures = {figure.name: figure for figure in models.measure(quick=True)}
    assert 0 < figures["face_net"].value < figures["face_frame"].value
    assert 40 < figures["face_rss"].value < 400
    assert "20 of 20" in figures["face_frame"].note
    # What is not there is not compared with, and said to be absent.
    assert "absent" in figures["fer_frame"].note
    assert "face_times_faster" not in figures


@pytest.mark.peer
def test_a_contestant_that_fails_is_named_with_its_last_word(tmp_path: Path) -> None:
    script = tmp_path / "peer.py"
    script.write_text("raise SystemExit('no such frame')")
    with pytest.raises(HubError, match=r"peer\.py failed: no such frame"):
        contest((sys.executable, str(script)))


@pytest.mark.peer
def test_a_contestant_that_prints_something_else_measured_nothing(tmp_path: Path) -> None:
    script = tmp_path / "peer.py"
    script.write_text("print('hello')")
    with pytest.raises(HubError, match="measured nothing"):
        contest((sys.executable, str(script)))


@pytest.mark.peer
def test_a_peer_that_does_not_install_is_absent_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(models.PEERS_FOLDER, str(tmp_path))
    peer = Peer("ghost", (str(tmp_path / "not-there.whl"),), tmp_path / "ghost.py")
    with environment(peer, install=True) as python:
        assert python is None
    assert not (tmp_path / "ghost").exists()
    assert "ghost does not install" in capsys.readouterr().err


def test_a_kept_peer_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(models.PEERS_FOLDER, str(tmp_path))
    python = tmp_path / "fer" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    with environment(models.FER, install=False) as found:
        assert found == python
    assert python.exists()
