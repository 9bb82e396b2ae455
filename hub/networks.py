"""What people may do with the networks of the drivers: let devices join, pair, back up.

Drivers describe their operations (drivers.operations); command line, app and API show and run them
from that description alone.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from pydantic import ValidationError

from drivers.operations import Operable, Operation, Progress
from drivers.shown import LONGEST_ANSWER, presentable_answer, shown
from drivers.types import Driver, DriverError
from hub.driver_words import in_words
from hub.errors import Refusal
from hub.phrase import Phrase

log = structlog.get_logger(__name__)


class Networks:
    """Finds and runs operations. `drivers` are those that have been made, by name."""

    def __init__(self, drivers: Mapping[str, Driver]) -> None:
        self._drivers = drivers

    def list(self) -> list[dict[str, Any]]:
        """Return every operation as plain data; `arguments` is a JSON schema."""
        return [
            {
                "driver": name,
                "name": operation.name,
                "summary": in_words(operation.summary),
                "arguments": operation.arguments.model_json_schema(),
                "limit_s": operation.limit_s,
                "destroys": operation.destroys,
            }
            for name, driver in sorted(self._drivers.items())
            if isinstance(driver, Operable)
            for operation in driver.operations()
        ]

    async def run(
        self, driver: str | None, name: str, arguments: Mapping[str, Any], tell: Progress
    ) -> dict[str, Any]:
        """Run one operation and return its answer.

        Without `driver` the only one that has it is meant. Raises Refusal.
        """
        chosen, operation = self._find(driver, name)
        try:
            checked = operation.arguments.model_validate(dict(arguments))
        except ValidationError as err:
            first = err.errors(include_input=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            said = f"{key}: {first['msg'].removeprefix('Value error, ')}"
            raise Refusal("bad_request", said, _usage(operation)) from err
        log.info("operation_started", driver=chosen, operation=name)
        try:
            async with asyncio.timeout(operation.limit_s):
                answer = await operation.run(
                    checked, lambda line: tell(in_words(shown(line, LONGEST_ANSWER)))
                )
        except TimeoutError as err:
            raise Refusal(
                "timeout",
                Phrase(
                    "refused.operation_slow", driver=chosen, name=name, seconds=operation.limit_s
                ),
                Phrase("mend.try_again"),
            ) from err
        except DriverError as err:
            raise Refusal(type(err).__name__.lower(), in_words(err.reason)) from err
        log.info("operation_done", driver=chosen, operation=name)
        told: dict[str, Any] = presentable_answer(answer)
        return told

    def _find(self, driver: str | None, name: str) -> tuple[str, Operation]:
        found = [
            (key, operation)
            for key, one in sorted(self._drivers.items())
            if isinstance(one, Operable) and driver in {None, key}
            for operation in one.operations()
            if operation.name == name
        ]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(key for key, _ in found)
            raise Refusal(
                "ambiguous",
                Phrase("refused.ambiguous_driver", drivers=names, name=name),
                Phrase("mend.name_driver"),
            )
        raise self._unknown(driver, name)

    def _unknown(self, driver: str | None, name: str) -> Refusal:
        """Say what there is instead: of this driver, if there is such a driver."""
        have = [(o["driver"], o["name"]) for o in self.list() if driver in {None, o["driver"]}]
        if driver is None:
            said = Phrase("refused.no_operation", name=name)
        elif driver in self._drivers:
            said = Phrase("refused.driver_no_operation", driver=driver, name=name)
        else:
            names = ", ".join(sorted({o["driver"] for o in self.list()}))
            mend = Phrase("mend.drivers", drivers=names) if names else Phrase("mend.no_operations")
            return Refusal("unknown_driver", Phrase("refused.no_driver", driver=driver), mend)
        if have:
            listed = ", ".join(f"{key} {operation}" for key, operation in have)
            return Refusal("unknown_operation", said, Phrase("mend.operations", operations=listed))
        mend = Phrase("mend.no_operations") if driver is None else Phrase("mend.no_operation_here")
        return Refusal("unknown_operation", said, mend)


def _usage(operation: Operation) -> str:
    fields = operation.arguments.model_fields
    if not fields:
        return f"{operation.name} takes no arguments"
    told = [
        f"{key}: {field.description or ''}{'' if field.is_required() else ' (optional)'}"
        for key, field in fields.items()
    ]
    return f"{operation.name} takes {'; '.join(told)}"
