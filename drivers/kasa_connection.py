"""Connecting to a TP-Link device as python-kasa does, but with an end to what is listened to.

In the older protocol an answer begins with its length, four bytes, and the library takes as much:
up to 4 GB into memory, and each byte of it through a loop in Python while nothing else runs.
"""

import asyncio
from typing import Any, Final

from kasa import Device, DeviceConfig, DeviceEncryptionType
from kasa.device_factory import GET_SYSINFO_QUERY, get_device_class_from_sys_info
from kasa.protocols import IotProtocol
from kasa.transports import XorTransport

MOST_BYTES: Final = 64_000
"""Of one answer. A strip of six sockets says about two thousand."""


class _Bounded:
    """A reader that takes no more than an answer can have."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def readexactly(self, count: int) -> bytes:
        if count > MOST_BYTES:
            raise ValueError("an answer that is too long")
        return await self._reader.readexactly(count)


class _Transport(XorTransport):
    """The library's, with such a reader."""

    async def _connect(self, timeout: int) -> None:  # noqa: ASYNC109 - the library's
        await super()._connect(timeout)
        self.reader: Any
        if isinstance(self.reader, asyncio.StreamReader):
            self.reader = _Bounded(self.reader)


async def connected(config: DeviceConfig) -> Device:
    """Return a device that has answered. Raises what python-kasa raises."""
    if config.connection_type.encryption_type is not DeviceEncryptionType.Xor:
        return await Device.connect(config=config)
    protocol = IotProtocol(transport=_Transport(config=config))
    try:
        info = await protocol.query(GET_SYSINFO_QUERY)
        thing = get_device_class_from_sys_info(info)(config.host, protocol=protocol)
        thing.update_from_discover_info(info)
        await thing.update()
    except BaseException:
        await protocol.close()
        raise
    return thing
