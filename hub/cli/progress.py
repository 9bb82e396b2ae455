"""How far long work has come: one line on standard error that is written over."""

import sys
import time
from collections.abc import Callable

EVERY_S = 0.5


def counted(what: str) -> Callable[[int, int], None]:
    """Return what to tell how much is done and of how much; silent where nobody looks on."""
    if not sys.stderr.isatty():
        return lambda _done, _of: None
    began = time.monotonic()
    next_s = began + EVERY_S

    def tell(done: int, of: int) -> None:
        nonlocal next_s
        now = time.monotonic()
        if done < of and now < next_s:
            return
        next_s = now + EVERY_S
        left_s = (now - began) / max(done, 1) * (of - done)
        line = f"\r{what}: {done} of {of}, {left_s:.0f} s left   "
        print(line, end="\n" if done >= of else "", file=sys.stderr, flush=True)

    return tell
