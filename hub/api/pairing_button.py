"""Pairing opened by a button: nobody is at a screen, so the digits are those of the home's sticker.

The sticker's nine digits are made once and kept, as on devices for the home; `moodsync pair
--sticker` shows them for somebody to write on the hub. They are worth something only within two
minutes of a press, and three tries. A press does nothing while pairing is open already.
"""

import secrets
from typing import TYPE_CHECKING, Any

import structlog

from hub.store.config_db import HUB, ConfigDb
from hub.types import ButtonPressed

if TYPE_CHECKING:
    from hub.api.context import Context

log = structlog.get_logger(__name__)

SETTING = "pairing sticker"
DIGITS = 9
QUEUE = 4
BY = "button"


async def sticker(config: ConfigDb) -> str:
    """Return the home's sticker digits, made at the first call. Raises StoreError."""
    stored = config.get(SETTING)
    if isinstance(stored, str):
        return stored
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    await config.set(SETTING, digits, HUB)
    return digits


async def press(context: "Context") -> bool:
    """Open pairing as a button does; False if it is open already. Raises Problem, StoreError."""
    if context.pairing is not None and context.pairing.opened is not None:
        return False
    role = context.hub.settings.api.pairing_role
    whom: dict[str, Any] = {"member": None, "role": role, "name": "", "person": None}
    await context.open_pairing(whom, BY, await sticker(context.hub.store.config))
    return True


async def watch(context: "Context") -> None:
    """Open pairing when a configured button is pressed, until cancelled."""
    hub = context.hub
    wanted = {(one.device, one.action) for one in hub.settings.api.pairing_buttons}
    if not wanted:
        return
    news = hub.bus.subscribe("pairing", ButtonPressed, size=QUEUE)
    try:
        while True:
            pressed = {(event.device, event.action) for event in await news.batch()}
            if pressed & wanted:
                log.info("pairing_button", opened=await press(context))
    finally:
        hub.bus.unsubscribe(news)
