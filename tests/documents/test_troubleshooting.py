"""What pages say of troubles is what the program says and logs then."""

from __future__ import annotations

import re

import pytest

from tests.documents.generated import DOCS
from tests.documents.markdown import ROOT

CODE = re.sub(
    r'"\s*\n\s*f?"',  # a sentence that goes on in the next line
    "",
    "\n".join(path.read_text() for start in ("bot", "adapters", "storage") for path in (ROOT / start).rglob("*.py")),
)
TROUBLES = {
    path.name: path.read_text().split("| what is seen |")[1].split("\n\n")[0]
    for path in DOCS.glob("*.md")
    if "| what is seen |" in path.read_text()
}


@pytest.mark.parametrize("page", TROUBLES)
def test_sentences_that_it_quotes_are_said(page: str) -> None:
    """But for what stands in their gaps."""
    quoted = re.findall(r"“([^”]+)”", TROUBLES[page])
    assert len(quoted) >= 4
    for sentence in quoted:
        for piece in re.split(r"\s*…\s*", sentence):
            assert piece in CODE, piece


@pytest.mark.parametrize("page", TROUBLES)
def test_events_that_it_names_are_logged(page: str) -> None:
    for event in re.findall(r"`([a-z]+\.[a-z_]+)`", TROUBLES[page]):
        assert f'"{event}"' in CODE, event


def test_the_table_of_events_names_what_is_logged() -> None:
    table = (DOCS / "operations.md").read_text().split("| event | says |")[1].split("\n\n")[0]
    events = re.findall(r"`([a-z]+\.[a-z_]+)`", table)
    assert len(events) >= 8
    for event in events:
        assert f'"{event}"' in CODE, event
