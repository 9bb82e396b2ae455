"""What a process uses, from /proc (proc(5)); works for this process and for its children."""

import os
from dataclasses import dataclass
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class ProcessStats:
    """Resident memory, and processor time since the process started."""

    rss_mb: float
    cpu_s: float


def process_stats(pid: int | None = None) -> ProcessStats | None:
    """Return a process's figures, this one's by default; None when it is gone."""
    folder = Path(f"/proc/{pid or os.getpid()}")
    try:
        resident = int((folder / "statm").read_text().split()[1])
        # The command name may hold spaces and brackets, so fields count from its last bracket.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
    except (OSError, IndexError, ValueError):
        return None
    return ProcessStats(
        rss_mb=round(resident * _PAGE_BYTES / 1e6, 1),
        cpu_s=(int(fields[11]) + int(fields[12])) / _TICKS_PER_S,
    )
