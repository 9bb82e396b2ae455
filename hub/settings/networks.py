"""The networks of devices, and the drivers that speak to them."""

from typing import Any, Self

from pydantic import ModelWrapValidatorHandler, PrivateAttr, model_validator

from drivers.bluetooth_settings import BluetoothSettings
from drivers.esphome_settings import EsphomeSettings
from drivers.hue_settings import HueSettings
from drivers.kasa_settings import KasaSettings
from drivers.lifx_settings import LifxSettings
from drivers.matter_settings import MatterSettings
from drivers.mqtt_settings import MqttSettings
from drivers.registry import third_party
from drivers.settings import DriverSettings, Strict
from drivers.shelly_settings import ShellySettings
from drivers.simulated_settings import SimulatedSettings
from drivers.wled_settings import WledSettings
from drivers.zigbee_settings import ZigbeeSettings
from drivers.zwave_settings import ZwaveSettings


class Drivers(Strict):
    """Networks of devices. A driver that is not named here is never imported.

    Drivers that are installed besides the built-in ones are named here as well.
    """

    matter: MatterSettings | None = None
    bluetooth: BluetoothSettings | None = None
    esphome: EsphomeSettings | None = None
    hue: HueSettings | None = None
    kasa: KasaSettings | None = None
    lifx: LifxSettings | None = None
    mqtt: MqttSettings | None = None
    shelly: ShellySettings | None = None
    simulated: SimulatedSettings | None = None
    wled: WledSettings | None = None
    zigbee: ZigbeeSettings | None = None
    zwave: ZwaveSettings | None = None
    _third_party: dict[str, DriverSettings] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _with_third_parties(cls, data: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, dict):
            return read(data)
        others = {
            name: known
            for name in data.keys() - cls.model_fields.keys()
            if (known := third_party(str(name))) is not None
        }
        drivers = read({name: value for name, value in data.items() if name not in others})
        for name, known in others.items():
            section = known.settings.model_validate(data[name] or {})
            drivers._third_party[name] = section  # noqa: SLF001 - a class method's own instance
        return drivers

    def sections(self) -> dict[str, DriverSettings]:
        """Return what is configured, by the driver's name."""
        own = {name: section for name, section in self if section is not None}
        return own | self._third_party
