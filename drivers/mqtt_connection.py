"""The event loop's side of a link to an MQTT broker: an asyncio.Protocol over drivers.mqtt_wire."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivers import mqtt_wire as wire
from drivers.types import BadCredentials, Unreachable

CLOSE_LIMIT_S = 0.5
PACKETS_A_TURN = 64
BACKLOG_BYTES = 4096
"""A turn of the loop handles one packet, and one more for each of these bytes that wait."""
MAX_UNSENT_BYTES = 262_144
"""Beyond this a broker that takes no data is given no more."""
PACKET_OVERHEAD = 65_535 + 4
"""The longest topic and its packet id, on top of the greatest payload."""
MAX_PACKET_ID = 65_535


class Receiver(Protocol):
    """Who is told what comes in. No method may block or raise."""

    def message(self, topic: str, payload: bytes, retained: bool) -> None:
        """Take a message; `retained` says that the broker had kept it from before."""
        ...

    def skipped(self) -> None:
        """Take note of a message over the size limit that was thrown away unread."""
        ...

    def turn_over(self) -> None:
        """Act on what the messages since the last call have changed.

        That is once a message while the hub keeps up, and once for several when it does not.
        """
        ...


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are to it."""

    host: str
    port: int
    client_id: str
    keepalive_s: int
    max_payload_bytes: int
    tls: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = None
    will: wire.Will | None = None


class Connection(asyncio.Protocol):
    """The loop's side of a link.

    What is read is acknowledged at once (TCP_QUICKACK, tcp(7); it does not last, so it is set
    after each read): a broker without TCP_NODELAY holds a second small message back until the
    first is acknowledged, and Linux would delay that by 40 ms.
    """

    def __init__(self, broker: Broker, receiver: Receiver) -> None:
        self._loop = asyncio.get_running_loop()
        self.decoder = wire.Decoder(broker.max_payload_bytes + PACKET_OVERHEAD)
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.logged_in: asyncio.Future[None] = self._loop.create_future()
        self._broker = broker
        self._receiver = receiver
        self._transport: asyncio.Transport | None = None
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._closed.set_result(None)  # there is nothing to close yet
        self._paused = False
        self._skipped = 0
        self._socket: socket.socket | None = None
        self._early = True
        self._answers: dict[int, asyncio.Future[None]] = {}
        self._packet_id = 0
        self._last_sent = self._last_received = time.monotonic()
        self._tick: asyncio.TimerHandle | None = None

    # What the link asks ---------------------------------------------------------------------

    def ask(self, packet: Callable[[int], bytes]) -> asyncio.Future[None]:
        """Send the packet made with a free id; return the answer to it."""
        packet_id = self._packet_id
        for _ in range(MAX_PACKET_ID):
            packet_id = packet_id % MAX_PACKET_ID + 1
            if packet_id not in self._answers:
                break
        else:
            raise Unreachable("the broker leaves too much unanswered")
        self.send(packet(packet_id))
        self._packet_id = packet_id
        answer = self._answers[packet_id] = self._loop.create_future()
        return answer

    def send(self, packet: bytes) -> None:
        """Send now; what the kernel does not take at once follows. Raises Unreachable."""
        transport = self._transport
        if transport is None or self.gone.done():
            raise Unreachable("the connection to the broker is lost")
        if transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            raise Unreachable("the broker takes no data")
        self._last_sent = time.monotonic()
        transport.write(packet)

    def acknowledge_early(self, early: bool) -> None:
        """Choose whether what is read is acknowledged at once."""
        self._early = early
        self._quick_ack(early)

    async def leave(self) -> None:
        """Say goodbye if that can be done at once, and close."""
        if self._transport is not None and not self.gone.done() and self.logged_in.done():
            will = self._broker.will
            if will is not None:
                self._transport.write(wire.publish(will.topic, will.payload, retain=True))
            self._transport.write(wire.DISCONNECT)
        self._end(Unreachable("the connection to the broker was closed"))
        for future in (self.gone, self.logged_in):
            if not future.cancelled():
                future.exception()  # seen, also when nobody waits for it any more
        await asyncio.wait({self._closed}, timeout=CLOSE_LIMIT_S)

    # asyncio's side -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol; log in."""
        assert isinstance(transport, asyncio.Transport)
        self._closed = self._loop.create_future()
        if self.gone.done():
            transport.abort()
            return
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        broker = self._broker
        transport.write(
            wire.connect(
                broker.client_id,
                broker.keepalive_s,
                broker.username,
                broker.password,
                broker.will,
            )
        )
        self._keep_alive()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._last_received = time.monotonic()
        if self._early:
            self._quick_ack(True)
        self.decoder.feed(data)
        if not self._paused:
            self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        why = f": {exc}" if exc is not None else ""
        self._end(Unreachable(f"the connection to the broker is lost{why}"))
        if not self._closed.done():
            self._closed.set_result(None)

    # Inside ---------------------------------------------------------------------------------

    def _read(self) -> None:
        if self.gone.done() or self._transport is None:
            return
        allowed = min(PACKETS_A_TURN, 1 + self.decoder.waiting // BACKLOG_BYTES)
        try:
            for _ in range(allowed):
                packet = self.decoder.next()
                if packet is None:
                    self._resume()
                    return
                self._handle(*packet)
        except wire.MalformedPacket as err:
            self._end(Unreachable(f"the broker does not speak MQTT 3.1.1: {err}"))
            return
        except Unreachable as err:
            self._end(err)
            return
        finally:
            while self._skipped < self.decoder.skipped:
                self._skipped += 1
                self._receiver.skipped()
            self._receiver.turn_over()
        if not self.decoder.waiting:
            self._resume()
            return
        # What this turn set going comes first, then the next packet. Meanwhile the rest waits in
        # the kernel: reading on would only pile it up here.
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._loop.call_soon(self._read)

    def _resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def _handle(self, first: int, body: bytes) -> None:
        if not self.logged_in.done() and first >> 4 != wire.Kind.CONNACK:
            raise wire.MalformedPacket("something else than an answer to our login (3.2)")
        match first >> 4:
            case wire.Kind.PUBLISH:
                message = wire.read_message(first, body)
                if message.packet_id is not None:
                    self.send(wire.puback(message.packet_id))
                self._receiver.message(message.topic, message.payload, message.retained)
            case wire.Kind.PUBACK | wire.Kind.UNSUBACK:
                self._answered(wire.read_packet_id(body), None)
            case wire.Kind.SUBACK:
                refused = body[2:].count(wire.SUBSCRIPTION_REFUSED)
                problem = Unreachable(f"the broker refuses {refused} subscriptions")
                self._answered(wire.read_packet_id(body), problem if refused else None)
            case wire.Kind.CONNACK:
                self._connack(body)
            case wire.Kind.PINGRESP:
                pass
            case kind:
                raise wire.MalformedPacket(f"a packet of type {kind}")

    def _connack(self, body: bytes) -> None:
        if self.logged_in.done() or len(body) != len("fc"):
            raise wire.MalformedPacket("an answer to a question that was not asked")
        if body[1] == 0:
            self.logged_in.set_result(None)
        else:
            self.logged_in.set_exception(_refusal(body[1]))

    def _answered(self, packet_id: int, problem: Exception | None) -> None:
        answer = self._answers.pop(packet_id, None)
        if answer is None or answer.done():
            return
        if problem is None:
            answer.set_result(None)
        else:
            answer.set_exception(problem)

    def _keep_alive(self) -> None:
        """Ask whether the broker is alive when it or we were silent; end it when it is not."""
        now, limit_s = time.monotonic(), self._broker.keepalive_s
        if now - self._last_received >= limit_s:
            self._end(Unreachable(f"the broker has said nothing for {limit_s} s"))
            return
        if self.logged_in.done() and now - min(self._last_sent, self._last_received) >= limit_s / 2:
            with contextlib.suppress(Unreachable):
                self.send(wire.PINGREQ)
        self._tick = self._loop.call_later(limit_s / 8, self._keep_alive)

    def _quick_ack(self, early: bool) -> None:
        if _QUICKACK is None or self._socket is None:
            return
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, int(early))
        except OSError:
            return  # the connection is ending, and will say so itself

    def _end(self, reason: Exception) -> None:
        """Close everything; whoever waits for an answer gets the reason."""
        if self._tick is not None:
            self._tick.cancel()
        transport, self._transport = self._transport, None
        self._socket = None
        for future in (self.logged_in, self.gone, *self._answers.values()):
            if not future.done():
                future.set_exception(reason)
        self._answers.clear()
        if transport is not None:
            # What was written is with the kernel; a polite close would wait for a frozen broker.
            transport.abort()


def _refusal(code: int) -> Unreachable | BadCredentials:
    """Translate the reasons of section 3.2.2.3."""
    match code:
        case 2:
            return BadCredentials("the broker does not accept the client id")
        case 3:
            return Unreachable("the broker is not available now")
        case 4 | 5:
            return BadCredentials("the broker refuses the user name or password")
        case _:
            return Unreachable(f"the broker refuses the connection ({code})")


_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
