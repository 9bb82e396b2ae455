"""One connection to an MQTT broker: the driver's transport, small and replaceable.

Why it speaks MQTT itself and uses no library, with figures: docs/decisions/0003-mqtt-client.md.
"""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from drivers import mqtt_wire as wire
from drivers.mqtt_connection import Broker, Connection, Receiver
from drivers.names import addresses
from drivers.types import BadCredentials, Unreachable

CONNECT_LIMIT_S = 10.0
TOPICS_A_PACKET = 100


class MqttLink:
    """A connection that is up. It never reconnects: `lost` raises, and the owner opens a new one.

    The session is clean: a command of a minute ago must not be carried out after an outage, and
    what the broker keeps tells the present state.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, broker: Broker, receiver: Receiver) -> AsyncIterator["MqttLink"]:
        """Connect and log in, within CONNECT_LIMIT_S.

        Raises BadCredentials (refused, or a certificate that a person has to look at) and
        Unreachable.
        """
        connection = Connection(broker, receiver)
        try:
            await _log_in(connection, broker)
            yield cls(connection)
        finally:
            await connection.leave()

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe to topics or filters at QoS 0. Raises Unreachable."""
        await self._in_chunks(topics, partial(wire.subscribe, qos=0))

    async def unsubscribe(self, topics: Sequence[str]) -> None:
        """Give topics or filters up. Raises Unreachable."""
        await self._in_chunks(topics, wire.unsubscribe)

    async def _in_chunks(self, topics: Sequence[str], packet: Callable[..., bytes]) -> None:
        for start in range(0, len(topics), TOPICS_A_PACKET):
            chunk = topics[start : start + TOPICS_A_PACKET]
            answer = self._connection.ask(partial(packet, topics=chunk))
            try:
                async with asyncio.timeout(CONNECT_LIMIT_S):
                    await answer
            except TimeoutError as err:
                raise Unreachable("the broker does not answer to a subscription") from err

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1; returns when the broker took it. Raises Unreachable.

        The caller sets the time limit.
        """
        await self._connection.ask(
            lambda packet_id: wire.publish(topic, payload, packet_id=packet_id, retain=retain)
        )

    def send(self, topic: str, *payloads: bytes) -> None:
        """Publish at QoS 0, in one piece: handed to the kernel, no more is known.

        Raises Unreachable.
        """
        self._connection.send(b"".join(wire.publish(topic, payload) for payload in payloads))

    async def lost(self) -> None:
        """Wait until the connection is gone, then raise Unreachable."""
        await asyncio.shield(self._connection.gone)

    def acknowledge_early(self, early: bool) -> None:
        """Choose whether what we read is acknowledged at once; see `Connection`."""
        self._connection.acknowledge_early(early)


async def _log_in(connection: Connection, broker: Broker) -> None:
    where = f"{broker.host}:{broker.port}"
    try:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            await _connect(connection, broker)
            await asyncio.shield(connection.logged_in)
    except TimeoutError as err:
        raise Unreachable(f"{where} does not answer") from err
    except ssl.SSLCertVerificationError as err:
        reason = f"the certificate of {where} is not accepted: {err.verify_message}"
        # A board without a clock of its own has the wrong time at boot; that mends itself.
        wrong_time = err.verify_code in {_CERT_NOT_YET_VALID, _CERT_EXPIRED}
        raise (Unreachable if wrong_time else BadCredentials)(reason) from err
    except OSError as err:
        why = os.strerror(err.errno) if err.errno and not isinstance(err, _NAMED) else str(err)
        raise Unreachable(f"{where} cannot be reached: {why}") from err


async def _connect(connection: Connection, broker: Broker) -> None:
    """Connect to the first of the host's addresses that answers."""
    problem = OSError(f"{broker.host} has no address")
    for address in await addresses(broker.host, broker.port):
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: connection,
                address,
                broker.port,
                ssl=broker.tls,
                server_hostname=broker.host if broker.tls is not None else None,
            )
        except ssl.SSLError:
            raise
        except OSError as err:
            problem = err
        else:
            return
    raise problem


_NAMED = (ssl.SSLError, socket.gaierror)
"""Errors whose number is not the system's."""
_CERT_NOT_YET_VALID, _CERT_EXPIRED = 9, 10
"""OpenSSL's X509_V_ERR codes."""
