"""A thread that loads its models and then handles one item after the other."""

import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from hub.sense.message_fields import Reason
from hub.sense.messages_from_sense import Loaded
from models.errors import WeightsError
from models.types import Sense

STUCK_S = 5.0
_IDLE_S = 0.5

T = TypeVar("T")


class Part(Protocol[T]):
    """A sense: what its thread does. All methods are called by that thread."""

    sense: Sense

    def load(self) -> tuple[str, ...]:
        """Load the models and return their catalog ids; may raise WeightsError."""
        ...

    def take(self, timeout_s: float) -> T | None:
        """Wait for the next item, at most this long."""
        ...

    def handle(self, item: T) -> None:
        """Read the item and send what it says."""
        ...


class Worker(Generic[T]):
    """Runs a part in a thread of its own; one bad item never ends it."""

    def __init__(self, part: Part[T], on_loaded: Callable[[Loaded], None]) -> None:
        self._part = part
        self._on_loaded = on_loaded
        self._busy_since: float | None = None
        self.errors = 0
        self._thread = threading.Thread(target=self._run, name=part.sense, daemon=True)

    def start(self) -> None:
        """Start to load; `on_loaded` is called by the thread when that is done."""
        self._thread.start()

    def stuck(self) -> bool:
        """Tell whether one item has taken far longer than any should."""
        since = self._busy_since
        return since is not None and time.monotonic() - since > STUCK_S

    def _run(self) -> None:
        if not self._load():
            return
        while True:
            item = self._part.take(_IDLE_S)
            if item is None:
                continue
            self._busy_since = time.monotonic()
            try:
                self._part.handle(item)
            except Exception as err:  # noqa: BLE001 - counted, and the next item is read
                self.errors += 1
                print_where(err)
            finally:
                self._busy_since = None

    def _load(self) -> bool:
        started = time.monotonic()
        models: tuple[str, ...] = ()
        reason = Reason.NONE
        try:
            models = self._part.load()
        except WeightsError as err:
            reason = Reason.NO_WEIGHTS
            print(err, file=sys.stderr)  # noqa: T201 - the hub reads standard error
        except Exception as err:  # noqa: BLE001 - the other senses go on
            reason = Reason.INTERNAL
            print_where(err)
        took_ms = (time.monotonic() - started) * 1000
        sense = self._part.sense
        self._on_loaded(Loaded(sense=sense, models=models, reason=reason, took_ms=took_ms))
        return reason is Reason.NONE


def print_where(err: BaseException) -> None:
    """Print an error's kind and place; never its message, which may quote what someone typed."""
    print(type(err).__name__, file=sys.stderr)  # noqa: T201 - the hub reads standard error
    traceback.print_tb(err.__traceback__, file=sys.stderr)
