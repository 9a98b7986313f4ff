"""The pages that are made from the code say what the code says."""

from __future__ import annotations

import pytest

from tests.documents.generated import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "make it again: make docs"
