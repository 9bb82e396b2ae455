"""PortAudio through PyAudio: which inputs there are, and opening one. No numpy here.

PyAudio is optional (it has to be compiled); without it there is no microphone, and the error says
how to mend that. PortAudio looks for devices once, when it is initialised: every opening here
initialises it anew, so that a microphone plugged in later is found. While another microphone of
this process is open it keeps its old list.
"""

import ctypes
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from drivers.source import Lost, SourceUnavailable

WANTED_HZ = 16_000
BLOCK_S = 0.1

OnBlock = Callable[[bytes, bool], bool]
"""Given interleaved int16 frames and whether some were lost before; False ends the stream."""

_MOST_REAL_CHANNELS = 16
_lock = threading.Lock()
"""Initialising, terminating and opening are not safe against each other in PortAudio."""
_quiet: list[object] = []
"""Keeps the C callbacks alive for as long as the libraries may call them."""


@dataclass(frozen=True, slots=True)
class InputDevice:
    """An input as PortAudio lists it."""

    index: int
    name: str
    channels: int
    rate_hz: int
    default: bool


class Input:
    """An open input: blocks arrive at `on_block` on PortAudio's thread from `start()` to `close()`.

    Args:
        device: index, name or part of a name; "" is the default input.
        on_block: see OnBlock; about ten times a second.

    Raises Lost when there is no such input or it cannot be opened.
    """

    def __init__(self, device: str | int, on_block: OnBlock) -> None:
        pyaudio = load_pyaudio()
        with _lock:
            self._audio = pyaudio.PyAudio()
            try:
                self._open(pyaudio, find(_inputs(self._audio), device), on_block)
            except BaseException:
                self._audio.terminate()
                raise

    def _open(self, pyaudio: Any, device: InputDevice, on_block: OnBlock) -> None:
        for rate_hz, channels in formats(device):
            try:
                self._stream = self._audio.open(
                    rate=rate_hz,
                    channels=channels,
                    format=pyaudio.paInt16,
                    input=True,
                    input_device_index=device.index,
                    frames_per_buffer=round(rate_hz * BLOCK_S),
                    stream_callback=_callback(pyaudio, on_block),
                    start=False,
                )
            except (OSError, ValueError) as err:
                if not {pyaudio.paInvalidSampleRate, pyaudio.paInvalidChannelCount} & {*err.args}:
                    raise Lost(f"{device.name} cannot be opened ({_words(err)})") from err
            else:
                self.name, self.rate_hz, self.channels = device.name, rate_hz, channels
                return
        raise Lost(f"{device.name} offers no 16-bit format that can be used")

    def start(self) -> None:
        """Let blocks come. Raises Lost."""
        try:
            self._stream.start_stream()
        except OSError as err:
            raise Lost(f"the microphone cannot be started ({_words(err)})") from err

    def active(self) -> bool:
        """Return False once the stream has ended by itself."""
        try:
            return bool(self._stream.is_active())
        except OSError:
            return False

    def close(self) -> None:
        """Close the stream; may block for as long as a sound server does not answer."""
        with suppress(OSError):
            self._stream.close()
        with _lock:
            self._audio.terminate()


def inputs() -> tuple[InputDevice, ...]:
    """List the inputs there are now. Raises SourceUnavailable without PyAudio."""
    pyaudio = load_pyaudio()
    with _lock:
        audio = pyaudio.PyAudio()
        try:
            return _inputs(audio)
        finally:
            audio.terminate()


def find(devices: tuple[InputDevice, ...], wanted: str | int) -> InputDevice:
    """Return the input that `wanted` means; raise Lost, naming those there are, if none."""
    if wanted == "":
        matches = [d for d in devices if d.default]
    elif isinstance(wanted, int) or wanted.isdecimal():
        matches = [d for d in devices if d.index == int(wanted)]
    else:
        name = wanted.casefold()
        matches = [d for d in devices if d.name.casefold() == name]
        matches += [d for d in devices if name in d.name.casefold()]
    if matches:
        return matches[0]
    there = ", ".join(f"{d.index} {d.name}" for d in devices) or "none"
    what = "default microphone" if wanted == "" else f"microphone {wanted!r}"
    raise Lost(f"there is no {what}; inputs: {there}")


def formats(device: InputDevice) -> list[tuple[int, int]]:
    """Return sampling rates (Hz) and channel counts to open `device` with, best first.

    Hardware that knows 16 kHz and sound servers, which resample well, are asked for it; ALSA's
    own conversion may be a mere interpolation, so anything else is opened at its own rate.
    """
    converts_well = "(hw:" in device.name or device.name in {"pulse", "pipewire", "jack"}
    rates = [WANTED_HZ] if converts_well else []
    rates += [device.rate_hz, 48_000, 44_100, WANTED_HZ]
    # Asked for fewer channels than the hardware has, PortAudio hands on the first ones only, and
    # the microphone may be on another. Sound servers and plugins, which name some high number,
    # mix down by themselves.
    counts = (device.channels, 2, 1) if device.channels <= _MOST_REAL_CHANNELS else (1, 2)
    pairs = ((rate, count) for rate in rates for count in counts if count <= device.channels)
    return list(dict.fromkeys(pairs))


def load_pyaudio() -> Any:
    """Import PyAudio, its libraries silenced. Raises SourceUnavailable when it is missing."""
    try:
        import pyaudio  # noqa: PLC0415 - optional, and only where a microphone is wanted
    except ImportError as err:
        raise SourceUnavailable(
            "PyAudio is not installed",
            "install the system packages portaudio19-dev, python3-dev and gcc, "
            "then run scripts/run again (it installs the extra `microphone`)",
        ) from err
    with _lock:
        if not _quiet:
            _silence()
    return pyaudio


def _inputs(audio: Any) -> tuple[InputDevice, ...]:
    try:
        default = int(audio.get_default_input_device_info()["index"])
    except OSError:
        default = -1
    found = (audio.get_device_info_by_index(i) for i in range(audio.get_device_count()))
    return tuple(
        InputDevice(
            index=int(info["index"]),
            name=str(info["name"]),
            channels=int(info["maxInputChannels"]),
            rate_hz=round(float(info["defaultSampleRate"])),
            default=int(info["index"]) == default,
        )
        for info in found
        if int(info["maxInputChannels"]) > 0
    )


def _callback(
    pyaudio: Any, on_block: OnBlock
) -> Callable[[bytes, int, Mapping[str, float], int], tuple[None, int]]:
    def callback(
        data: bytes, _frames: int, _times: Mapping[str, float], status: int
    ) -> tuple[None, int]:
        goes_on = on_block(data, bool(status & pyaudio.paInputOverflow))
        return None, pyaudio.paContinue if goes_on else pyaudio.paAbort

    return callback


def _silence() -> None:
    """Stop ALSA and JACK from writing a page to stderr at each look for devices.

    Their own hooks are used, not a redirected stderr: that would swallow other threads' log lines.
    """
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    on_alsa = ctypes.CFUNCTYPE(
        None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
    )(lambda *_: None)
    on_jack = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(lambda _: None)
    _quiet.extend((on_alsa, on_jack))
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(on_alsa)
    with suppress(OSError, AttributeError):
        jack = ctypes.CDLL("libjack.so.0")
        jack.jack_set_error_function(on_jack)
        jack.jack_set_info_function(on_jack)


def _words(err: Exception) -> str:
    return str(err.args[-1] if err.args else err)
