"""A real PulseAudio server with a microphone made of a null sink, and ALSA made to use it.

What is played into the sink comes out of its monitor, the default source, in real time. PortAudio
reaches it through ALSA's pulse plugin, as on a desktop.
"""

import os
import signal
import subprocess
import time
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.fakes.process import START_LIMIT_S, require

SINK = "vmic"


def require_sound() -> None:
    """Fail with what to install when a peer is missing."""
    for program, package in (
        ("pulseaudio", "pulseaudio"),
        ("pactl", "pulseaudio-utils"),
        ("paplay", "pulseaudio-utils"),
    ):
        require(program, package)
    require_alsa_plugins()


def require_alsa_plugins() -> None:
    plugins = list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"))
    assert plugins, (
        "this test needs ALSA's plugins: install them with `apt-get install libasound2-plugins`"
    )


def alsa_config(path: Path, text: str) -> Path:
    """Write an ALSA configuration that adds `text` to the system's own."""
    path.write_text(f"</usr/share/alsa/alsa.conf>\n{text}\nctl.!default {{ type null }}\n")
    return path


class SoundServer:
    """One server in a directory of its own; `alsa` is the ALSA configuration that leads to it."""

    def __init__(self, directory: Path, channels: int = 1, rate_hz: int = 16_000) -> None:
        require_sound()
        self._directory = directory
        self._channels, self._rate_hz = channels, rate_hz
        self._socket = directory / "pulse.sock"
        self._server: subprocess.Popen[bytes] | None = None
        self._player: subprocess.Popen[bytes] | None = None
        runtime = directory / "run"
        runtime.mkdir(mode=0o700)
        self._env = {
            **os.environ,
            "HOME": str(runtime),
            "XDG_RUNTIME_DIR": str(runtime),
            "PULSE_SERVER": f"unix:{self._socket}",
        }
        self.alsa = alsa_config(
            directory / "asound.conf", f'pcm.!default {{ type pulse server "unix:{self._socket}" }}'
        )

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        sink = (
            f"module-null-sink sink_name={SINK} rate={self._rate_hz} channels={self._channels} "
            "format=s16le"
        )
        self._server = subprocess.Popen(
            [
                *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"),
                "--use-pid-file=no",
                *("-L", f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"),
                *("-L", sink),
            ],
            env=self._env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_LIMIT_S
        while not self._control("set-default-source", f"{SINK}.monitor"):
            assert time.monotonic() < deadline, "pulseaudio did not start"
            time.sleep(0.1)

    def play(self, sound: Path) -> None:
        """Play a wav file into the microphone, once.

        The monitor misses up to a tenth of a second at its start: a null sink that a player joins
        rewrites what it had taken for silence. Start with half a second of silence.
        """
        self._player = subprocess.Popen(
            ["paplay", f"--device={SINK}", str(sound)],
            env=self._env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def freeze(self) -> None:
        assert self._server
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._server
        self._server.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        for process in (self._player, self._server):
            if process is not None:
                process.kill()
                process.wait(10)
        self._player = self._server = None

    def _control(self, *words: str) -> bool:
        run = subprocess.run(
            ["pactl", *words],
            env=self._env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=START_LIMIT_S,
            check=False,
        )
        return run.returncode == 0


def write_wav(path: Path, samples: NDArray[np.float32], rate_hz: int = 16_000) -> Path:
    """Write float samples (n,) or (n, channels) as 16-bit."""
    frames = samples.reshape(len(samples), -1)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(frames.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes((np.clip(frames, -1, 1) * 32767).astype("<i2").tobytes())
    return path
