"""The page on operations names what the program really writes and shows."""

from __future__ import annotations

import re

from tests.documents.generated import DOCS
from tests.documents.markdown import ROOT

PAGE = (DOCS / "operations.md").read_text()
CODE = "\n".join(path.read_text() for start in ("bot", "adapters", "storage") for path in (ROOT / start).rglob("*.py"))


def test_events_that_it_names_are_logged() -> None:
    events = re.findall(r"`([a-z]+\.[a-z_]+)` in the log|the log of `([a-z]+\.[a-z_]+)`", PAGE)
    table = PAGE.split("| event | says |")[1].split("\n\n")[0]
    names = {name for pair in events for name in pair if name} | set(re.findall(r"`([a-z]+\.[a-z_]+)`", table))
    assert len(names) >= 8
    for name in names:
        assert f'"{name}"' in CODE, name


def test_sentences_that_it_quotes_are_said() -> None:
    """But for what stands in their gaps."""
    table = PAGE.split("| what is seen |")[1].split("\n\n")[0]
    quoted = re.findall(r"“([^”]+)”", table)
    assert len(quoted) >= 4
    code = re.sub(r'"\s*\n\s*f?"', "", CODE)
    for sentence in quoted:
        for piece in re.split(r"\s*…\s*", sentence):
            assert piece in code, piece
