"""Choosing an input and its format, missing libraries, and the lists for the consent question."""

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from drivers import media_devices, portaudio
from drivers.demo_microphone import DemoMicrophone
from drivers.media_devices import CameraDevice, list_cameras, list_microphones, takes_pictures
from drivers.microphone import Microphone, open_microphone
from drivers.portaudio import InputDevice, find, formats
from drivers.source import Lost, SourceUnavailable
from tests.fakes.recorder import Recorder

WEBCAM = InputDevice(3, "HD Webcam: USB Audio (hw:1,0)", 2, 48_000, default=False)
ARRAY = InputDevice(4, "ReSpeaker 4 Mic Array: USB Audio (hw:2,0)", 8, 16_000, default=False)
PULSE = InputDevice(7, "pulse", 32, 44_100, default=False)
DEFAULT = InputDevice(9, "default", 32, 44_100, default=True)
DEVICES = (WEBCAM, ARRAY, PULSE, DEFAULT)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", DEFAULT),
        (3, WEBCAM),
        ("4", ARRAY),
        ("PULSE", PULSE),
        ("respeaker", ARRAY),
        ("usb audio", WEBCAM),
    ],
)
def test_an_input_is_found_by_index_name_or_part_of_it(
    wanted: str | int, found: InputDevice
) -> None:
    assert find(DEVICES, wanted) == found


def test_an_absent_input_is_lost_and_those_there_are_named() -> None:
    with pytest.raises(Lost, match=r"no microphone 'kitchen'; inputs: 3 HD Webcam.*7 pulse"):
        find(DEVICES, "kitchen")
    with pytest.raises(Lost, match="no default microphone; inputs: none"):
        find((), "")


def test_hardware_is_asked_for_16_khz_and_all_its_channels() -> None:
    assert formats(ARRAY)[0] == (16_000, 8)
    assert formats(WEBCAM)[:3] == [(16_000, 2), (16_000, 1), (48_000, 2)]


def test_sound_servers_convert_and_unknown_plugins_do_not() -> None:
    assert formats(PULSE)[0] == (16_000, 1)
    assert formats(DEFAULT)[0] == (44_100, 1)
    assert len(set(formats(DEFAULT))) == len(formats(DEFAULT))


def test_without_pyaudio_there_is_a_clear_way_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    recorder = Recorder()
    microphone = Microphone("m", "", recorder.deliver, recorder.on_state)
    with pytest.raises(SourceUnavailable) as missing:
        microphone.start()
    assert missing.value.reason == "PyAudio is not installed"
    assert "portaudio19-dev" in missing.value.mend
    assert "scripts/run" in missing.value.mend
    assert microphone.stop()
    with pytest.raises(SourceUnavailable, match="PyAudio is not installed"):
        list_microphones()


def test_without_pyaudio_the_demonstration_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    recorder = Recorder()
    demo = open_microphone("m", "demo:", recorder.deliver, recorder.on_state)
    assert isinstance(demo, DemoMicrophone)
    assert demo.simulated
    demo.start()
    recorder.wait(lambda r: r.blocks)
    assert demo.stop()


def test_a_sound_system_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hangs() -> tuple[InputDevice, ...]:
        release.wait(10)
        return ()

    monkeypatch.setattr(media_devices, "inputs", hangs)
    try:
        with pytest.raises(SourceUnavailable, match="does not answer"):
            list_microphones(timeout_s=0.1)
    finally:
        release.set()


def v4l2(tmp_path: Path, nodes: dict[str, str]) -> tuple[Path, Path]:
    """Make a folder as /sys/class/video4linux is, and one as /dev is."""
    sys_dir, dev_dir = tmp_path / "sys", tmp_path / "dev"
    dev_dir.mkdir()
    for node, name in nodes.items():
        (sys_dir / node).mkdir(parents=True)
        (sys_dir / node / "name").write_text(name + "\n")
        (dev_dir / node).touch()
    return sys_dir, dev_dir


def test_cameras_are_listed_by_name_without_their_metadata_nodes(tmp_path: Path) -> None:
    nodes = {"video10": "Lamp Cam", "video2": "HD Webcam", "video3": "HD Webcam", "v4l-subdev0": ""}
    sys_dir, dev_dir = v4l2(tmp_path, nodes)
    found = list_cameras(sys_dir, dev_dir, captures=lambda node: node.name != "video3")
    assert found == (
        CameraDevice(2, str(dev_dir / "video2"), "HD Webcam"),
        CameraDevice(10, str(dev_dir / "video10"), "Lamp Cam"),
    )


def test_a_node_that_answers_no_v4l2_question_is_no_camera(tmp_path: Path) -> None:
    sys_dir, dev_dir = v4l2(tmp_path, {"video0": "a plain file"})
    assert list_cameras(sys_dir, dev_dir) == ()
    assert not takes_pictures(Path("/dev/null"))
    assert not takes_pictures(tmp_path / "absent")


def test_a_machine_without_cameras_has_an_empty_list(tmp_path: Path) -> None:
    assert list_cameras(tmp_path / "no-such-class") == ()


@pytest.mark.parametrize(
    ("capabilities", "device_caps", "expected"),
    [
        (0x84A00001, 0x04200001, True),  # a webcam's picture node, as the kernel reports it
        (0x84A00001, 0x04A00000, False),  # its metadata node
        (0x00000001, 0, True),  # a driver from before device_caps
        (0x00000002, 0, False),  # an output
    ],
)
def test_the_kernels_answer_is_read_as_documented(
    monkeypatch: pytest.MonkeyPatch, capabilities: int, device_caps: int, expected: bool
) -> None:
    """No camera exists on a test machine: struct v4l2_capability is laid out by its header."""

    def ioctl(fd: int, request: int, answer: bytearray) -> int:
        assert request == (2 << 30) | (104 << 16) | (ord("V") << 8) | 0  # _IOR('V', 0, 104)
        assert len(answer) == 16 + 32 + 32 + 4 * 6
        answer[84:88] = capabilities.to_bytes(4, sys.byteorder)
        answer[88:92] = device_caps.to_bytes(4, sys.byteorder)
        return 0

    monkeypatch.setattr("fcntl.ioctl", ioctl)
    assert takes_pictures(Path("/dev/null")) is expected


def test_only_the_callback_decides_when_a_stream_ends() -> None:
    """PortAudio's answer codes: go on, or abort when the block could not be used."""

    constants = SimpleNamespace(paInputOverflow=2, paContinue=0, paAbort=2)

    seen: list[tuple[bytes, bool]] = []

    def on_block(data: bytes, lost: bool) -> bool:
        seen.append((data, lost))
        return len(seen) < 2

    callback = portaudio._callback(constants, on_block)
    assert callback(b"ab", 1, {}, 0) == (None, 0)
    assert callback(b"cd", 1, {}, 2) == (None, 2)
    assert seen == [(b"ab", False), (b"cd", True)]
