"""The pages that are made from the code say what the code says."""

from __future__ import annotations

import ast

import pytest

from tests.documents.generated import DOCS, PAGES
from tests.documents.markdown import ROOT


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "make it again: make docs"


def test_every_figure_of_the_code_is_on_its_page() -> None:
    names = set()
    for path in (ROOT / "bot/metrics.py", ROOT / "bot/health/exposition.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
                made_by = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                if made_by.lstrip("_") in ("counter", "counters", "gauge", "gauges", "histogram", "info"):
                    names.add(str(call.args[0].value))
    page = (DOCS / "metrics.md").read_text()
    assert len(names) > 40
    assert {name for name in names if f"`paperround_{name}" not in page} == set()
