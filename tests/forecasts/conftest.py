"""Fixtures of the forecasts' tests: SQLite is enough, what is counted is counted by the index."""

from __future__ import annotations

from tests.commands.conftest import core

__all__ = ["core"]
