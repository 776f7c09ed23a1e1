"""What processes really take: their proportional share, since roles share what their parent has loaded."""

from __future__ import annotations

import psutil


def memory_of(pid: int) -> int:
    """PSS in bytes; 0 where the process is gone."""
    try:
        return int(psutil.Process(pid).memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
