"""Instrumentation: has Atheris hear of every branch that our code takes. https://github.com/google/atheris"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from io import StringIO

MISSING = "Guided inputs need Atheris, which has wheels for some Pythons only: .venv/bin/pip install 'atheris>=3'."
_PACKAGES = ("bot", "adapters", "storage")


def is_there() -> bool:
    return find_spec("atheris") is not None


@contextmanager
def instrumented(*, wanted: bool = True) -> Iterator[None]:
    """What of our packages is imported for the first time within the block is instrumented, if that is `wanted`."""
    if not wanted:
        yield
        return
    import atheris

    with redirect_stderr(StringIO()), atheris.instrument_imports(include=list(_PACKAGES)):  # it names every module
        yield
