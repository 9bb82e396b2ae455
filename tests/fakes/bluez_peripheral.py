"""A Bluetooth device as it is in reach of an adapter, and as BlueZ describes it."""

from dataclasses import dataclass, field

from dbus_fast import Variant

from drivers.bluetooth_gatt import uuid16

ADAPTER = "/org/bluez/hci0"
HEART, HEART_MEASUREMENT, BATTERY = 0x180D, 0x2A37, 0x2A19


@dataclass
class Peripheral:
    """A device in reach: what it advertises, and its characteristics by service."""

    address: str
    name: str = ""
    uuids: tuple[int, ...] = ()
    service_data: dict[int, bytes] = field(default_factory=dict)
    services: dict[int, dict[int, tuple[bytes, tuple[str, ...]]]] = field(default_factory=dict)
    in_reach: bool = True
    connectable: bool = True
    connections: int = 0

    @property
    def path(self) -> str:
        return f"{ADAPTER}/dev_{self.address.replace(':', '_')}"


def strap(address: str, name: str = "Strap") -> Peripheral:
    """A heart-rate strap as they are sold."""
    return Peripheral(
        address,
        name,
        (HEART, 0x180F),
        services={
            HEART: {HEART_MEASUREMENT: (b"", ("notify",)), 0x2A38: (b"\1", ("read",))},
            0x180F: {BATTERY: (b"\x57", ("read", "notify"))},
            0x180A: {0x2A29: (b"Acme", ("read",)), 0x2A24: (b"HR-1\0", ("read",))},
        },
    )


def device_properties(one: Peripheral) -> dict[str, Variant]:
    """Return what BlueZ says of it before it is connected."""
    no = Variant("b", False)
    return {
        "Address": Variant("s", one.address),
        "AddressType": Variant("s", "random"),
        **({"Name": Variant("s", one.name)} if one.name else {}),
        "Alias": Variant("s", one.name or one.address.replace(":", "-")),
        "Adapter": Variant("o", ADAPTER),
        "Connected": no,
        "Paired": no,
        "Trusted": no,
        "ServicesResolved": no,
        "UUIDs": Variant("as", [uuid16(number) for number in one.uuids]),
    }
