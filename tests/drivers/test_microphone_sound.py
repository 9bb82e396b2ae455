"""A microphone made of a real sound server, and one made of ALSA's file plugin."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from drivers import portaudio
from drivers.demo_microphone import LINES, speak
from drivers.media import AudioBlock
from drivers.media_devices import list_microphones
from drivers.microphone import Microphone
from drivers.resample import Samples
from drivers.source import Backoff
from tests.fakes.process import require
from tests.fakes.recorder import Recorder, no_leaks
from tests.fakes.sound_server import SoundServer, alsa_config, require_alsa_plugins, write_wav

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def speech() -> Samples:
    require("espeak-ng", "espeak-ng")
    return speak(LINES[0])


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """A running sound server that PortAudio's default input leads to."""
    running = SoundServer(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(running.alsa))
    running.start()
    yield running
    running.kill()


def microphone(recorder: Recorder, device: str | int = "") -> Microphone:
    made = Microphone("den", device, recorder.deliver, recorder.on_state)
    made._backoff = Backoff(0.2, 0.4)
    return made


def likeness(heard: Samples, known: Samples) -> float:
    """Return the correlation at the best shift, found to a 16th of a sample."""
    size = 1 << (len(heard) + len(known)).bit_length()
    cross = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(known, size))
    fine = np.fft.irfft(np.concatenate([cross, np.zeros(size // 2 * 15)]), size * 16)
    shift = int(np.argmax(fine)) / 16
    turned = np.fft.rfft(known, size) * np.exp(
        -2j * np.pi * np.arange(size // 2 + 1) * shift / size
    )
    start = int(shift)
    part = slice(start, start + len(known))
    return float(
        np.corrcoef(heard[part], np.fft.irfft(turned, size)[part][: len(heard[part])])[0, 1]
    )


def hear(recorder: Recorder, seconds: float) -> None:
    """Wait for as much sound as `seconds`."""
    have = len(recorder.blocks)
    recorder.wait(lambda r: len(r.blocks) - have >= seconds * 10, seconds + 5)


@pytest.mark.slow
def test_a_sound_server_is_heard_as_it_plays(
    server: SoundServer, speech: Samples, tmp_path: Path
) -> None:
    recorder = Recorder()
    listening = microphone(recorder)
    listening.start()
    recorder.wait_state("on")
    lead = np.zeros(8_000, np.float32)
    server.play(write_wav(tmp_path / "known.wav", np.concatenate([lead, speech])))
    hear(recorder, len(speech) / 16_000 + 2)
    assert listening.stop()
    assert likeness(recorder.sound, speech) > 0.995
    assert recorder.names == ["opening", "on", "off"]
    stats = listening.stats()
    assert (stats.overflows, stats.clipped, stats.opened, stats.lost) == (0, 0, 1, 0)
    assert stats.blocks == len(recorder.blocks)
    in_time(recorder.blocks)


def in_time(blocks: list[AudioBlock]) -> None:
    """Check that sound came at the speed of time, in mono float32 blocks of a tenth."""
    assert all(b.source == "den" and b.samples.dtype == np.float32 for b in blocks)
    assert all(b.samples.ndim == 1 and abs(len(b.samples) - 1600) <= 2 for b in blocks)
    took = blocks[-1].monotonic_s - blocks[0].monotonic_s
    sound = sum(len(b.samples) for b in blocks[1:]) / 16_000
    assert sound == pytest.approx(took, abs=0.35)


@pytest.mark.slow
def test_clipping_is_told(server: SoundServer, tmp_path: Path) -> None:
    recorder = Recorder()
    listening = microphone(recorder)
    listening.start()
    recorder.wait_state("on")
    shout = np.sign(np.sin(np.arange(16_000) / 20)).astype(np.float32)
    server.play(write_wav(tmp_path / "shout.wav", shout))
    recorder.wait(lambda r: any(b.clipped > 0.2 for b in r.blocks))
    assert listening.stop()
    assert listening.stats().clipped >= 1
    assert recorder.blocks[0].clipped == 0


@pytest.mark.slow
def test_a_killed_sound_server_is_lost_and_heard_again(server: SoundServer) -> None:
    recorder = Recorder()
    listening = microphone(recorder)
    with capture_logs() as logs:
        listening.start()
        recorder.wait_state("on")
        server.kill()
        recorder.wait_state("lost")
        had = len(recorder.blocks)
        server.start()
        recorder.wait_state("on")
        recorder.wait(lambda r: len(r.blocks) > had + 3)
        assert listening.stop()
    assert [entry["event"] for entry in logs] == ["source_lost", "source_back"]
    assert listening.stats().lost == 1
    assert listening.stats().opened == 2


@pytest.mark.slow
def test_a_frozen_sound_server_is_told_and_stop_admits_that_it_hangs(server: SoundServer) -> None:
    recorder = Recorder()
    listening = microphone(recorder)
    listening.start()
    recorder.wait_state("on")
    server.freeze()
    try:
        recorder.wait_state("lost")
        assert recorder.states[-1][1] == "no sound for 2 s"
        assert not listening.stop(0.5)  # libpulse waits without limit: only a kill would end it
        assert "off" not in recorder.names
    finally:
        server.thaw()
    assert listening.stop(5)
    assert recorder.names[-1] == "off"


@pytest.mark.slow
def test_nothing_is_left_after_stop(server: SoundServer, capfd: pytest.CaptureFixture[str]) -> None:
    for attempt in range(2):  # the first may load libraries that keep descriptors
        recorder = Recorder()
        listening = microphone(recorder)
        if attempt:
            with no_leaks():
                listening.start()
                recorder.wait_state("on")
                assert listening.stop()
        else:
            listening.start()
            recorder.wait_state("on")
            assert listening.stop()
        had = len(recorder.blocks)
        time.sleep(0.25)
        assert len(recorder.blocks) == had
    assert capfd.readouterr().err == ""


def test_an_absent_microphone_is_lost_quietly_and_stops_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """ALSA and JACK would print a hundred lines at each attempt."""
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa_config(tmp_path / "none.conf", "")))
    recorder = Recorder()
    listening = microphone(recorder, "kitchen")
    listening.start()
    recorder.wait_state("lost")
    assert "no microphone 'kitchen'" in recorder.states[-1][1]
    began = time.monotonic()
    assert listening.stop()
    assert time.monotonic() - began < 8
    err = capfd.readouterr().err
    assert "ALSA" not in err
    assert "jack" not in err.lower()


def file_microphone(path: Path, frames: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ALSA's default input read `frames` as 16-bit, unpaced, then silence."""
    require_alsa_plugins()
    raw = path / "known.raw"
    raw.write_bytes((frames * 32767).astype("<i2").tobytes())
    config = (
        'pcm.filemic { type file slave.pcm "null" file "/dev/null" '
        f'infile "{raw}" format "raw" }}\n'
        'pcm.!default { type plug slave.pcm "filemic" }'
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa_config(path / "file.conf", config)))


@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(16_000, 1), (48_000, 1), (44_100, 2), (48_000, 8)]
)
def test_the_file_plugin_is_heard_at_any_rate_and_number_of_channels(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    speech: Samples,
    rate_hz: int,
    channels: int,
) -> None:
    """The plugin takes any format, so the one under test is asked for; it speaks on one channel."""
    size = round(len(speech) * rate_hz / 16_000)
    spectrum = np.zeros(size // 2 + 1, np.complex128)
    half = np.fft.rfft(speech)
    spectrum[: len(half)] = half[: len(spectrum)]
    device_sound = np.fft.irfft(spectrum, size) * size / len(speech)
    frames = np.zeros((size, channels), np.float32)
    frames[:, channels // 2] = device_sound
    file_microphone(tmp_path, frames, monkeypatch)
    monkeypatch.setattr(portaudio, "formats", lambda _: [(rate_hz, channels)])
    recorder = Recorder()
    listening = microphone(recorder)
    listening.start()
    recorder.wait(lambda r: len(r.blocks) > len(speech) / 1600 + 3)
    assert listening.stop()
    assert likeness(recorder.sound[: len(speech) + 4800], speech) > 0.99


def test_the_inputs_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_microphone(tmp_path, np.zeros((10, 1), np.float32), monkeypatch)
    devices = list_microphones()
    assert {"filemic", "default"} <= {device.name for device in devices}
    assert [device.name for device in devices if device.default] == ["default"]


def test_a_deliver_that_raises_closes_the_microphone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_microphone(tmp_path, np.zeros((10, 1), np.float32), monkeypatch)
    recorder = Recorder()

    def deliver(_: AudioBlock) -> None:
        raise ValueError

    listening = Microphone("den", "", deliver, recorder.on_state)
    with capture_logs():
        listening.start()
        recorder.wait_state("off")
    assert ("failed", "ValueError") in recorder.states
