"""Fixtures of the panels’ tests: SQLite is enough, the stores have their own tests on both databases."""

from __future__ import annotations

from tests.commands.conftest import core

__all__ = ["core"]
