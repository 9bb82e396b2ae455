"""Makes docs/faults.md: which test shows, for each driver, that it lives through which fault.

Read from the marks `@pytest.mark.fault(...)` in tests/drivers without running a test. In the suite
of all drivers (test_faults.py, test_contract.py) a mark counts for each; elsewhere for the driver
that the file is named after. A cell with neither a test nor a reason is an error.
"""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "drivers"
SHARED = ("test_faults", "test_contract")

DRIVERS = (
    "bluetooth",
    "esphome",
    "hue",
    "kasa",
    "lifx",
    "matter",
    "mqtt",
    "shelly",
    "wled",
    "zigbee",
    "zwave",
)
FAULTS = {
    "killed": "peer killed",
    "frozen": "peer frozen",
    "restarted": "peer restarted",
    "pulled": "stick or adapter pulled out and back",
    "refused": "wrong password, PIN, key or certificate",
    "fuzzed": "10,000 damaged frames or payloads",
    "vanished": "gone in the middle of a command",
    "unordered": "news twice, late or of strangers",
    "clock": "the wall clock jumps",
    "cancelled": "given up while connecting",
    "neighbours": "the other drivers never notice",
}
NO_RADIO = "its radio is not at the hub"
WITHOUT_RADIO = ("esphome", "hue", "kasa", "lifx", "mqtt", "shelly", "wled")
EXEMPT = {
    **{(name, "pulled"): NO_RADIO for name in WITHOUT_RADIO},
    ("matter", "pulled"): "the radio is its server's",
    ("lifx", "refused"): "the protocol knows no secret",
}

NOTHING_TO_COMMAND = ("bluetooth", "test_a_peer_that_dies_with_a_command_in_hand_is_told")
"""A test of the suite that ends at once for a driver is no evidence for it."""

INTRO = """\
# Faults

Made by `scripts/generate.py` from the marks of the tests in `tests/drivers`; do not edit.

What goes wrong in a home, and the tests that show that a driver lives through it, each against the
peer that the driver is tested with (see [devices.md](devices.md)). After each, no task, socket or
thread is left. A driver that loses its peer ends with `Unreachable` and is started again with
back-off; refused credentials end with `BadCredentials` and wait for a person (`needs_attention`).

"""


def marks(path: Path) -> dict[str, list[str]]:
    """Return the names of a file's tests by the fault that they are marked with."""
    found = defaultdict(list)
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                for fault in mark.args:
                    found[ast.literal_eval(fault)].append(node.name)
    return found


def cells(folder: Path = TESTS) -> dict[tuple[str, str], list[str]]:
    """Return the tests of each driver and fault. Raises SystemExit for what lacks or is unknown."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in sorted(folder.glob("test_*.py")):
        drivers = (
            DRIVERS
            if path.stem in SHARED
            else tuple(name for name in DRIVERS if path.stem.split("_")[1] == name)
        )
        for fault, names in marks(path).items():
            if fault not in FAULTS or not drivers:
                raise SystemExit(f"{path.name}: the mark fault({fault!r}) means nothing here")
            for driver in drivers:
                shown = [name for name in names if (driver, name) != NOTHING_TO_COMMAND]
                found[driver, fault] += [f"{path.stem}::{name}" for name in shown]
    for driver in DRIVERS:
        for fault, text in FAULTS.items():
            if not found[driver, fault] and (driver, fault) not in EXEMPT:
                raise SystemExit(f"no test shows that {driver} lives through: {text}")
    return found


def page() -> str:
    """Return docs/faults.md."""
    found = cells()
    lines = ["| fault | " + " | ".join(DRIVERS) + " |", "|---" * (len(DRIVERS) + 1) + "|"]
    numbers: dict[str, int] = {}
    for fault, text in FAULTS.items():
        row = []
        for driver in DRIVERS:
            tests = found[driver, fault]
            row.append(
                " ".join(f"[{numbers.setdefault(test, len(numbers) + 1)}]" for test in tests)
                or EXEMPT[driver, fault]
            )
        lines.append(f"| {text} | {' | '.join(row)} |")
    lines += ["", *(f"{number}. `{test}`" for test, number in numbers.items())]
    return INTRO + "\n".join(lines) + "\n"
