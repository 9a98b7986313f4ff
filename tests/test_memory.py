"""Memory that was freed goes back to the system."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

_HOLES = """
import psutil
from bot.memory import give_back

held = psutil.Process().memory_info
pieces = [bytes(2_000) for _ in range(40_000)]
pinned = pieces[::50]  # so that what lies between is free, and cannot be cut off at the end
del pieces
before = held().rss
give_back()
print(before - held().rss)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library is not glibc")
def test_memory_that_was_freed_in_pieces_goes_back_to_the_system() -> None:
    told = subprocess.run([sys.executable, "-c", _HOLES], check=True, capture_output=True, text=True, timeout=60).stdout
    assert int(told) > 40_000_000
