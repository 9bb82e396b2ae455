"""Neither pixels nor sound are ever written: the kernel forbids it, and they work all the same.

Each source runs in a process of its own under RLIMIT_FSIZE 0 (tests.fakes.without_writing).
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.process import ROOT, require
from tests.fakes.sound_server import SoundServer

pytestmark = pytest.mark.peer


def run(kind: str, address: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    home, temporary = folder / "home", folder / "tmp"
    home.mkdir()
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.fakes.without_writing", kind, address],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "TMPDIR": str(temporary), **env},
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    if kind != "control":
        # The limit would let an empty file be made; not even that happens.
        left = [path for path in (*home.rglob("*"), *temporary.rglob("*")) if path.is_file()]
        assert left == []
    return done


@pytest.mark.slow
def test_the_limit_does_catch_a_single_byte(tmp_path: Path) -> None:
    assert run("control", "", tmp_path).returncode == -signal.SIGXFSZ


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mjpeg", "rtsp", "demo"])
def test_a_camera_writes_nothing(
    kind: str, mjpeg: str, rtsp: tuple[object, str], tmp_path: Path
) -> None:
    url = {"mjpeg": mjpeg + "ok", "rtsp": rtsp[1], "demo": "demo:"}[kind]
    done = run("camera", url, tmp_path)
    assert done.returncode == 0, done.stderr
    count, files = done.stdout.split(maxsplit=1)
    assert int(count) >= 10
    assert files.strip() == "[]"


@pytest.mark.slow
def test_a_microphone_writes_nothing(tmp_path: Path) -> None:
    """Shared memory with the sound server counts as a file to the limit, so it is switched off."""
    server = SoundServer(tmp_path)
    client = tmp_path / "client.conf"
    cookie = tmp_path / "cookie"
    client.write_text("enable-shm = no\nautospawn = no\n")
    cookie.write_bytes(os.urandom(256))  # as every home has; libpulse would make one
    server.start()
    try:
        done = run(
            "microphone",
            "",
            tmp_path,
            ALSA_CONFIG_PATH=str(server.alsa),
            PULSE_CLIENTCONFIG=str(client),
            PULSE_COOKIE=str(cookie),
        )
    finally:
        server.kill()
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) >= 10


@pytest.mark.slow
def test_the_demonstrations_speech_writes_nothing(tmp_path: Path) -> None:
    require("espeak-ng", "espeak-ng")
    done = run("microphone", "demo:", tmp_path)
    assert done.returncode == 0, done.stderr
