"""What strangers say of themselves, made fit to be shown."""

from dataclasses import replace
from typing import Any

import pytest

from drivers.errors import LONGEST as LONGEST_REASON
from drivers.shown import LONGEST, LONGEST_TITLE, presentable, shown
from drivers.types import (
    Adjusts,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Dimmable,
    Selects,
    Unreachable,
)

ODD = "\x1b[31mred\u202e\nname" + "e" * 1000
FIT = Device(
    DeviceId("x:1"), "Lamp", "x", (Dimmable(),), DeviceState(values={"action": "single"}),
    info=DeviceInfo("Acme", "A1", "1.0", "Kitchen"),
)  # fmt: skip


def test_a_fit_device_stays_the_same_object() -> None:
    assert presentable(FIT) is FIT
    now = FIT.now(DeviceState(on=True), available=True)
    assert presentable(now, FIT) is now


def test_each_of_its_texts_is_cut_and_stripped() -> None:
    odd = Device(
        DeviceId("x:1"),
        ODD,
        "x",
        (Selects((ODD, "plain")), Adjusts(0, 1, 1, ODD)),
        DeviceState(playing=ODD, values={"action": ODD, "power": 1.5, "open": True}),
        info=DeviceInfo(ODD, ODD, ODD, ODD),
    )
    clean = presentable(odd)
    info, selects, adjusts = clean.info, clean.capability(Selects), clean.capability(Adjusts)
    assert info
    assert selects
    assert adjusts
    texts = [clean.name, info.manufacturer, info.model, info.version, info.suggested_room]
    texts += [selects.options[0], adjusts.unit, str(clean.state.values["action"])]
    for text in texts:
        assert text.startswith("[31mrednamee")
        assert text.isprintable()
        assert len(text) <= LONGEST
    assert clean.state.playing
    assert clean.state.playing.isprintable()
    assert LONGEST < len(clean.state.playing) <= LONGEST_TITLE
    assert selects.options[1] == "plain"
    assert clean.state.values["power"] == 1.5
    assert clean.state.values["open"] is True


def test_what_the_device_said_before_does_not_vouch_for_what_is_new() -> None:
    for odd in (replace(FIT, name=ODD), replace(FIT, info=DeviceInfo(ODD))):
        clean = presentable(odd, FIT)
        assert clean.name.isprintable()
        assert clean.info
        assert clean.info.manufacturer.isprintable()
    pressed = FIT.now(FIT.state.measuring({"action": ODD}), available=True)
    assert str(presentable(pressed, FIT).state.values["action"]).isprintable()


@pytest.mark.parametrize("nothing", ["", " ", "\x07", "\u200b", "\ud800", None, 7, {"a": 1}])
def test_what_is_no_text_is_no_name(nothing: Any) -> None:
    device = presentable(replace(FIT, name=nothing, info=DeviceInfo(nothing, "m", nothing)))
    assert device.name == "x:1"
    assert device.info == DeviceInfo("", "m", "")
    assert presentable(device) is device
    assert shown(nothing) == ""


def test_a_reason_that_quotes_a_stranger_is_one_line_of_bounded_length() -> None:
    reason = Unreachable(f"the device says: {ODD}").reason
    assert reason.startswith("the device says:  [31mred  name")
    assert reason.isprintable()
    assert len(reason) <= LONGEST_REASON
