"""Which announcements of devices are believed.

A node says by broadcast which short address it has (device_annce, Zigbee 2.4.3.1.11), and zigpy
believes all of them: one that gives a lamp a broadcast address would make each command to it one to
the whole house, one with the stick's own name would make the stick a device, and of a flood of
unknown names each would be kept and interviewed. A name that the hub does not know is not wrong by
itself: a device comes like that when the hub's database was lost. zigpy also asks the whole network
for the name of every address that it does not know, once for each frame.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from zigpy.application import ControllerApplication
from zigpy.types import EUI64

MOST_STRANGERS: Final = 64
"""How many devices may be known by name alone: more than ever join at once in a home."""
PATIENCE_S: Final = 20.0
"""How long a stranger keeps its place when there are more: an interview takes some seconds."""
QUESTIONS: Final = 8
WITHIN_S: Final = 10.0
"""So many broadcasts the hub may use to ask for names: a network bears about nine in nine seconds
(Zigbee 3.6.6, the broadcast transaction table)."""
_FIRST, _LAST = 0x0001, 0xFFF7
"""Short addresses of devices; the coordinator has 0, and those above are broadcasts."""
_NOBODY: Final = (EUI64.convert("00:" * 7 + "00"), EUI64.convert("ff:" * 7 + "ff"))


class Announcements:
    """Stands before zigpy's `handle_join`. Calls `on_ghost` for each that is not believed."""

    def __init__(self, clock: Callable[[], float], on_ghost: Callable[[], None]) -> None:
        self._clock = clock
        self._on_ghost = on_ghost
        self._since: dict[EUI64, float] = {}
        """When each stranger was first heard of, the oldest first."""
        self._asked: deque[float] = deque(maxlen=QUESTIONS)
        """When the network was asked for a name."""

    def watch(self, application: ControllerApplication) -> None:
        """Take a place before the joins of this application, and before its questions."""
        self._since.clear()
        ours: Any = application
        believe = ours.handle_join

        def handle_join(nwk: int, ieee: EUI64, *more: Any, **named: Any) -> None:
            if self._is_credible(application, nwk, EUI64(ieee)):
                believe(nwk, ieee, *more, **named)
            else:
                self._on_ghost()

        ask = ours._discover_unknown_device  # noqa: SLF001 - zigpy has no setting for it

        async def discover(nwk: int) -> None:
            now = self._clock()
            if len(self._asked) == QUESTIONS and now - self._asked[0] < WITHIN_S:
                return  # a device that is there will be heard again
            self._asked.append(now)
            await ask(nwk)

        ours.handle_join, ours._discover_unknown_device = handle_join, discover  # noqa: SLF001

    def _is_credible(self, application: ControllerApplication, nwk: int, ieee: EUI64) -> bool:
        own = application.state.node_info.ieee
        if not _FIRST <= nwk <= _LAST or ieee == own or ieee in _NOBODY:
            return False
        return ieee in application.devices or self._has_room(application, ieee)

    def _has_room(self, application: ControllerApplication, ieee: EUI64) -> bool:
        """Note a stranger; the oldest one gives its place up when it had its time."""
        devices: dict[EUI64, Any] = application.devices
        self._since = {
            one: at
            for one, at in self._since.items()
            if one in devices and not devices[one].is_initialized
        }
        now = self._clock()
        if len(self._since) >= MOST_STRANGERS:
            oldest = next(iter(self._since))
            if now - self._since[oldest] < PATIENCE_S:
                return False
            del self._since[oldest]
            devices.pop(oldest).on_remove()  # it was never written to the database
        self._since[ieee] = now
        return True
