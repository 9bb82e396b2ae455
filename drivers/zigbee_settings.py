"""What may stand under `drivers: zigbee:` in the configuration."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from drivers.settings import DriverSettings


class ZigbeeRadio(StrEnum):
    """What kind of stick it is."""

    ZNP = "znp"
    """Texas Instruments: CC2652, CC1352, CC2531 (Sonoff ZBDongle-P, SLZB-06, zzh)."""
    EZSP = "ezsp"
    """Silicon Labs: EFR32 (Sonoff ZBDongle-E, Home Assistant Connect ZBT, SkyConnect)."""
    DECONZ = "deconz"
    """Dresden Elektronik: ConBee, RaspBee."""
    XBEE = "xbee"
    """Digi XBee."""
    ZIGATE = "zigate"
    """ZiGate."""


class ZigbeeStick(StrEnum):
    """What to do when the stick holds another network than the one this hub knows."""

    ASK = "ask"
    """Stop and say so."""
    RESTORE = "restore"
    """Write the hub's network to the stick: all devices work on, nothing is paired again."""
    ADOPT = "adopt"
    """Take the stick's network as it is; the hub's devices are not on it."""


class ZigbeeSettings(DriverSettings):
    """A Zigbee stick; devices come by the operation `permit_join`."""

    radio: ZigbeeRadio = ZigbeeRadio.ZNP
    path: Annotated[str, Field(min_length=1)] = "/dev/ttyUSB0"
    """The serial port, best as /dev/serial/by-id/..., or socket://host:port."""
    baudrate: Annotated[int, Field(ge=9600, le=3_000_000)] = 115_200
    flow_control: Literal["hardware", "software"] | None = None
    channel: Annotated[int, Field(ge=11, le=26)] | None = None
    """For a new network only; the quietest of 11, 15, 20 and 25 if not given."""
    stick: ZigbeeStick = ZigbeeStick.ASK
    check_after_s: Annotated[float, Field(ge=0.1, le=86_400)] = 600
    """A mains-powered device that was silent for so long is asked whether it is there."""
    battery_silent_s: Annotated[float, Field(ge=0.1, le=604_800)] = 46_800
    """A battery-powered device that was silent for so long counts as unavailable."""
