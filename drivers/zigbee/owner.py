"""What operations see of the driver, and how they ask zigpy for something."""

from typing import Any, Protocol

from zigpy.application import ControllerApplication
from zigpy.exceptions import ZigbeeException

from drivers.types import Unreachable
from drivers.zigbee.chatter import Chatter
from drivers.zigbee.household import Household
from drivers.zigbee.member import Counts


class Owner(Protocol):
    """The driver."""

    counts: Counts
    chatter: Chatter

    @property
    def running(self) -> tuple[ControllerApplication, Household]:
        """Return the network; raises Unreachable while there is none."""
        ...


async def asked(what: Any) -> Any:
    """Await what zigpy does. Raises Unreachable for what it raises."""
    try:
        return await what
    except TimeoutError:
        raise Unreachable("no answer") from None
    except (ZigbeeException, RuntimeError, OSError) as err:
        raise Unreachable(f"that failed: {type(err).__name__}") from err
