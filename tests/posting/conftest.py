"""Fixtures of the tests of posting."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.commands.conftest import core

__all__ = ["core"]


@pytest.fixture
def unlogged() -> Iterator[None]:
    """Nothing is logged: writing what whole histories log takes as long as they do."""
    configured = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**configured)
