"""Seals or opens a backup in a process of its own: the passphrase's function takes 64 MB.

    python -m hub.backup.child seal|open FOLDER FILE    {"passphrase", "about"} on standard input

Standard output: lines {"done", "of"}, at the end {"manifest"} or {"error", "message"}.
"""

import json
import sys
from pathlib import Path
from typing import Any

from hub.backup.archive import pack, unpack
from hub.backup.errors import BackupError

EVERY = 50
"""How many steps of progress are told at most."""


def main() -> None:
    """Do what the command line says."""
    what, folder, file = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    asked = json.load(sys.stdin)
    told = -1

    def tell(done: int, of: int) -> None:
        nonlocal told
        step = done * EVERY // max(of, 1)
        if step > told:
            told = step
            _say({"done": done, "of": of})

    manifest: dict[str, Any] = {}
    try:
        if what == "seal":
            with file.open("xb") as out:
                pack(folder, out, asked["passphrase"], asked["about"], tell)
        else:
            with file.open("rb") as sealed:
                size = file.stat().st_size
                manifest = unpack(sealed, folder, asked["passphrase"], tell, size)
    except BackupError as err:
        _say({"error": type(err).__name__, "message": str(err)})
    except OSError as err:
        _say({"error": "BackupError", "message": f"{file.name}: {err.strerror}"})
    else:
        _say({"manifest": manifest})


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201 - how it talks to the hub


if __name__ == "__main__":
    main()
