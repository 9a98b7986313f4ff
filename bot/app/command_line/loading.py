"""Loading: what commands work with is loaded when they run, and not for a word of help."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """For imports of much. Nothing of what is loaded is garbage: to look for some meanwhile, and in all of it later,
    takes a tenth of the time that a start takes."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
