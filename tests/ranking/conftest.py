"""Fixtures of the tests of posting."""

from __future__ import annotations

from tests.commands.conftest import core

__all__ = ["core"]
