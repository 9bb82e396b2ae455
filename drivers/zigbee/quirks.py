"""What makers do differently from the standard, as far as zha-quirks is installed.

Its releases fit one zigpy each, and those for this zigpy need a newer Python than 3.11; without it
devices work as far as they keep to the standard.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog

log = structlog.get_logger(__name__)

Resolver = Callable[[Any], Any]
"""Takes zigpy's device and returns it, or one of the maker's kind in its place."""


def find() -> Resolver | None:
    """Return how to find a device's quirk; None, and one line in the log, without zha-quirks."""
    try:
        resolver: Resolver = import_module("zhaquirks.legacy").get_device
        import_module("zhaquirks").setup()
    except ImportError:
        log.info("zigbee_quirks_absent", effect="what makers add to the standard is not understood")
        return None
    except Exception as err:  # noqa: BLE001 - a release for another zigpy may fail in any way
        log.warning("zigbee_quirks_do_not_fit", error=type(err).__name__)
        return None
    return resolver
