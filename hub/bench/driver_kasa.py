"""A TP-Link plug is switched: by python-kasa alone, and by the driver, on the same plug.

These plugs do not tell what changed: both ask for the state after each command.
"""

from hub.bench.driver_lan import HOST, lan_pairs
from hub.bench.driver_round import switch


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of python-kasa alone and of the driver (ms), round by round."""
    fake = ("kasa_device", "TEST_PORT", "plug", "xor")
    return lan_pairs("kasa", fake, _alone, rounds, batch, light=False, poll_s=30)


async def _alone(port: int, batch: int) -> list[float]:
    from kasa import (  # noqa: PLC0415 - an optional package
        Device,
        DeviceConfig,
        DeviceConnectionParameters,
        DeviceEncryptionType,
        DeviceFamily,
    )

    family, encryption = DeviceFamily.IotSmartPlugSwitch, DeviceEncryptionType.Xor
    how = DeviceConnectionParameters(family, encryption)
    plug = await Device.connect(config=DeviceConfig(HOST, port_override=port, connection_type=how))
    try:
        return await switch(batch, plug.set_state, lambda on: plug.is_on is on, plug.update)
    finally:
        await plug.disconnect()
