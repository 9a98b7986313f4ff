"""Fixtures of the lifecycle's tests: on both databases, since retention deletes in them."""

from __future__ import annotations

from tests.app.conftest import core

__all__ = ["core"]
