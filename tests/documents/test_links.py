"""No link of a document leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.documents.markdown import ROOT, anchors_of, documents, links_of, prose_of

PLAYGROUND = "http://127.0.0.1:8421/search?"


def test_anchors_are_those_that_github_makes() -> None:
    text = "# What it promises, and how\n\n```\n# no heading\n```\n\n## `--json` (one)\n\n## Twice\n\n## Twice\n"
    assert anchors_of(text) == {"what-it-promises-and-how", "--json-one", "twice", "twice-1"}


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_headings_that_it_links_to_are_there(document: Path) -> None:
    for link in links_of(document.read_text()):
        target = urlsplit(link)
        if target.scheme:
            assert target.scheme in ("http", "https"), link
            continue
        path = (document.parent / target.path).resolve() if target.path else document
        assert path.is_relative_to(ROOT), link
        assert path.exists(), link
        if target.fragment:
            assert target.fragment in anchors_of(path.read_text()), link


def test_no_page_has_two_parts_of_one_name() -> None:
    for page in (ROOT / "deploy" / "docs").glob("*.md"):
        parts = re.findall(r"^## .+$", prose_of(page.read_text()), re.MULTILINE)
        assert len(parts) == len(set(parts)), page.name


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200


def test_every_page_can_be_reached_from_the_contents() -> None:
    docs = ROOT / "deploy" / "docs"
    contents = {(docs / link).resolve() for link in links_of((docs / "index.md").read_text()) if "://" not in link}
    assert {path for path in docs.glob("*.md") if path.name != "index.md"} <= contents


def test_an_example_of_the_language_leads_to_its_search() -> None:
    page = (ROOT / "deploy" / "docs" / "language.md").read_text()
    links = [link for link in links_of(page) if link.startswith(PLAYGROUND)]
    assert len(links) >= 35
    for link in links:
        (query,) = parse_qs(urlsplit(link).query, strict_parsing=True)["q"]
        assert f"[`{query}`]({link})" in page
