"""What memory a process holds."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak_mb(process: int | str = "self") -> float:
    """Return the most memory that a process has held since it began its program, in MB; 0 when it is gone.

    Where there is no /proc only this process can be asked, and a child's peak begins with its parent's.
    """
    if not Path("/proc/self/status").exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return _status(process, "VmHWM")


def held_mb(process: int | str = "self") -> float:
    """Return the memory that a process holds now, in MB (Linux only)."""
    return _status(process, "VmRSS")


def _status(process: int | str, name: str) -> float:
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = re.search(rf"^{name}:\s*(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0  # a process that has ended, and waits to be reaped, has no memory
