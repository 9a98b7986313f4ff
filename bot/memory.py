"""Memory that was freed goes back to the system, where its C library can do that (glibc).

A day's papers and digests leave holes in the memory that the library keeps for later, some forty megabytes of them.
"""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Takes some hundredths of a second at the most, in which other threads go on, unless they need memory."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
