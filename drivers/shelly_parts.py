"""The components of a Shelly as devices.

Source: the component pages of Shelly's Gen2+ API (shelly-api-docs.shelly.cloud). `status` has one
entry a component, `switch:0`; what is told later is laid over it.
"""

from collections.abc import Iterator
from typing import Any, Final

from drivers.shelly_values import (
    COLOURED,
    METERED,
    SENSED,
    Part,
    Value,
    state_of,
    values_of,
    whites_of,
)
from drivers.shown import hardware_address
from drivers.types import (
    Capability,
    Colorful,
    Covers,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Dimmable,
    Heats,
    Measures,
    Switchable,
    Tunable,
)

OUTPUTS: Final = frozenset(
    {"switch", "light", "rgb", "rgbw", "cct", "rgbcct", "cover", "thermostat"}
)
THERMOSTAT_C: Final = (5.0, 35.0)
ACTIONS: Final = {
    "single_push": "single", "double_push": "double", "triple_push": "triple", "long_push": "hold",
}  # fmt: skip


class Shelly:
    """One device as it is now. Raises ValueError, KeyError for what its protocol does not allow."""

    def __init__(self, driver: str, info: Part, config: Part, status: Part) -> None:
        self.id = DeviceId(f"{driver}:{hardware_address(info['mac'])}")
        self._driver = driver
        self._name = str(info.get("name") or info["id"])
        self._about = DeviceInfo("Shelly", str(info.get("app") or ""), str(info.get("ver") or ""))
        self._config = config
        self._status = {key: dict(part) for key, part in status.items() if isinstance(part, dict)}

    def replace(self, status: Part) -> None:
        """Take the whole state of the components that it had at first; others need a new start."""
        for key, part in status.items():
            if key in self._status and isinstance(part, dict):
                self._status[key] = dict(part)

    def merge(self, news: Part) -> frozenset[str]:
        """Lay news over the state; return the components that they are of."""
        told = set()
        for key, part in news.items():
            if key in self._status and isinstance(part, dict):
                told.add(key)
                self._status[key] = _over(self._status[key], part)
        return frozenset(told)

    def devices(self, of: frozenset[str] | None = None) -> Iterator[Device]:
        """Yield every output, and what is sensed; `of` names the components that matter."""
        for key in self._status if of is None else of:
            component, _, number = key.partition(":")
            if component in OUTPUTS and number.isdecimal():
                yield self._output(key, component, int(number), self._status[key])
        if of is None or any(key.partition(":")[0] in SENSED for key in of):
            yield from self._own()

    def _own(self) -> Iterator[Device]:
        sensed: dict[str, Value] = {}
        buttons = False
        for key, part in self._status.items():
            component, _, number = key.partition(":")
            buttons |= component == "input"
            for kind, value in values_of(SENSED.get(component, {}), part):
                sensed[kind if kind not in sensed else f"{kind}_{number}"] = value
        if buttons or sensed:
            yield Device(
                self.id,
                self._name,
                self._driver,
                (Measures(tuple(sensed)),),
                DeviceState(values=sensed),
                info=self._about,
            )

    def action(self, event: Part) -> str | None:
        """Return what a person did at an input, `single` or `single_2` for the second button."""
        component, _, number = str(event["component"]).partition(":")
        action = ACTIONS.get(str(event["event"]))
        if component != "input" or action is None or not number.isdecimal():
            return None
        return action if number == "0" else f"{action}_{int(number) + 1}"

    def config(self, key: str) -> Part:
        """Return the configuration of a component."""
        part = self._config.get(key)
        return part if isinstance(part, dict) else {}

    def _output(self, key: str, component: str, number: int, part: Part) -> Device:
        own = self.config(key).get("name")
        can = [*self._capabilities(key, component, number, part)]
        values: dict[str, Any] = dict(values_of(METERED, part))
        if component == "thermostat":
            values |= dict(values_of({"temperature": (("current_C",), 1.0)}, part))
        if values:
            can.append(Measures(tuple(values)))
        return Device(
            DeviceId(f"{self.id}:{key}"),
            str(own) if own else f"{self._name} {component} {number + 1}",
            self._driver,
            tuple(can),
            state_of(component, part, values),
            info=self._about,
        )

    def _capabilities(
        self, key: str, component: str, number: int, part: Part
    ) -> Iterator[Capability]:
        config = self.config(key)
        if component == "cover":
            yield Covers(part.get("pos_control") is True)
        elif component == "thermostat":
            yield Heats(*THERMOSTAT_C)
        elif component == "switch":
            yield Switchable(light=self._is_lamp(number))
        else:
            yield Switchable(light=True)
            yield Dimmable(100)
            if component in COLOURED:
                yield Colorful()
            if component in {"cct", "rgbcct"}:
                yield Tunable(*whites_of(config))

    def _is_lamp(self, number: int) -> bool:
        """True for a relay of which its owner said in Shelly's app that a lamp hangs on it."""
        shown = self.config("sys").get("ui_data")
        kinds = shown.get("consumption_types") if isinstance(shown, dict) else None
        return (
            isinstance(kinds, list)
            and number < len(kinds)
            and str(kinds[number]).lower().startswith("light")
        )


def _over(below: Part, above: Part) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = (
            _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return merged
