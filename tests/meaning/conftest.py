"""Fixtures of the tests of meaning: SQLite is enough, the store has its own tests on both databases."""

from __future__ import annotations

import pytest

from adapters.embedding.files import find_files
from adapters.embedding.onnx import OnnxModel
from bot.errors import NoModelError
from tests.commands.conftest import core

__all__ = ["core"]


@pytest.fixture(scope="session")
def model() -> OnnxModel:
    """The real model, loaded once."""
    try:
        return OnnxModel(find_files(""))
    except NoModelError as error:
        pytest.skip(str(error))
