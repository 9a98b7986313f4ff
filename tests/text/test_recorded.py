"""Recorded titles and abstracts, of a hundred thousand papers, come out readable."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.text.readable import readable
from bot.text.shortening import first_sentence, shorten
from tests.thorough import THOROUGH

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"no recorded feeds at {SHARED}"),
]

AMOUNT = re.compile(r"\$ ?\d")
TEX = re.compile(r"[\\$~{]|``|--")
EVERY = 1 if THOROUGH else 4  # of the titles, and each third of such abstracts, to be done in a few seconds


@pytest.fixture(scope="module")
def papers() -> list[tuple[str, str]]:
    """Title and abstract of every recorded paper of arXiv and of Daily Papers."""
    return list(recorded())


def recorded() -> Iterator[tuple[str, str]]:
    for name in ("papers", "older"):
        with lzma.open(SHARED / "arxiv" / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                yield record["title"], record["abstract"]
    for path in sorted((SHARED / "huggingface").glob("*.json")):
        for entry in json.loads(path.read_text(encoding="utf-8")):
            yield entry["paper"].get("title") or "", entry["paper"].get("summary") or ""


def test_titles_are_read_without_a_formula_left(papers: list[tuple[str, str]]) -> None:
    for title, _ in papers[::EVERY]:
        read = readable(title)
        assert read or not title
        assert "$" not in AMOUNT.sub("", read) or "\\$" in title, title
        assert readable(read) == read, title
        assert read.isprintable(), title
    assert len(papers) > 120_000


def test_abstracts_are_read_and_cut(papers: list[tuple[str, str]]) -> None:
    abstracts = [abstract for _, abstract in papers if TEX.search(abstract)][:: 3 * EVERY]
    left = 0
    for abstract in abstracts:
        read = readable(abstract)
        assert 0.3 * len(abstract) < len(read) <= 1.1 * len(abstract), abstract
        assert read.isprintable(), abstract
        sentence = first_sentence(read, 280)
        assert 0 < len(sentence) <= 280
        assert sentence.endswith("…") or read.startswith(sentence)
        assert len(shorten(read, 500)) <= 500
        left += "$" in AMOUNT.sub("", read)
    assert len(abstracts) > 1_000
    assert left < len(abstracts) / 200
