"""Fixtures of the tests of posting."""

from __future__ import annotations

from tests.commands.conftest import town

__all__ = ["town"]
