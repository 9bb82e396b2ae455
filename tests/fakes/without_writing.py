"""Runs a source in a process that the kernel does not let write a single byte to any file.

`python -m tests.fakes.without_writing KIND ADDRESS`: RLIMIT_FSIZE is 0, so the first byte written
to a file, shared memory or memfd ends the process by SIGXFSZ. KIND is `camera`, `microphone`, or
`control`, which does write a byte. Prints how many samples came, and any file open for writing.
"""

import os
import resource
import signal
import stat
import sys
import tempfile
import time
from pathlib import Path

from drivers.camera import open_camera
from drivers.microphone import open_microphone
from drivers.source import Source
from tests.fakes.recorder import Recorder


def writable_files() -> list[str]:
    """Return the regular files that this process has open for writing."""
    found = []
    for entry in Path("/proc/self/fdinfo").iterdir():
        try:
            flags = int(entry.read_text().split("flags:")[1].split()[0], 8)
            mode = Path(f"/proc/self/fd/{entry.name}").stat().st_mode
        except OSError:  # the listing's own
            continue
        if stat.S_ISREG(mode) and flags & os.O_ACCMODE != os.O_RDONLY:
            found.append(str(Path(f"/proc/self/fd/{entry.name}").readlink()))
    return found


def main() -> int:
    kind, address = sys.argv[1:]
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it otherwise
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    recorder = Recorder()
    if kind == "control":
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
            file.flush()
        return 0
    source: Source
    if kind == "camera":
        source = open_camera("c", address, 640, 480, 10, recorder.slot, recorder.on_state)
    else:
        source = open_microphone("m", address, recorder.deliver, recorder.on_state)
    source.start()
    recorder.wait(lambda r: len(r.frames) + len(r.blocks) >= 10, 15)
    time.sleep(0.2)
    open_for_writing = writable_files()
    stopped = source.stop(2)
    print(len(recorder.frames) + len(recorder.blocks), open_for_writing)
    return 0 if stopped and not open_for_writing else 1


if __name__ == "__main__":
    sys.exit(main())
