"""Imports of large packages beside a loop that must not wait.

Python threads take turns every few milliseconds, but a full run of the garbage collector is one
turn: while zigpy's thousands of classes are made it stops everything for 120 ms at a time on a
desktop's core. What modules make stays for good: there is nothing to collect in it, then or later.
"""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import cast

_lock = threading.Lock()
_under_way = 0
_was_on = True


def load(module: str) -> ModuleType:
    """Import a module for good; call it in a thread. Raises what the import raises."""
    with made_to_last():
        return import_module(module)


@contextmanager
def made_to_last() -> Iterator[None]:
    """Collect no garbage meanwhile, and afterwards pass over all that is there now.

    Several may be under way, in threads. Cycles that happen to be garbage when the last one ends
    are never freed: a second's worth of them, once an import.
    """
    global _under_way, _was_on  # noqa: PLW0603 - the collector is the process's, too
    with _lock:
        if _under_way == 0:
            _was_on = gc.isenabled()
            gc.disable()
        _under_way += 1
    try:
        yield
    finally:
        with _lock:
            _under_way -= 1
            if _under_way == 0:
                gc.freeze()
                if _was_on:
                    gc.enable()


@contextmanager
def without(module: str) -> Iterator[None]:
    """Let what is imported meanwhile do without a module that it can do without.

    For a package that takes all its optional parts, and theirs, when only some are ever used. To
    whoever imports it meanwhile it is not installed; one that is there already stays.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = cast("ModuleType", None)  # as the language's reference has it, 5.3.1
    try:
        yield
    finally:
        del sys.modules[module]
