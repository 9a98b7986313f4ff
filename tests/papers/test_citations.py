"""References as files: what programs read must be well-formed, whatever titles and names hold."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.papers.citations import FORMATS, bibtex, ris, table
from bot.papers.paper import Paper

PAPER = Paper(
    id="1706.03762",
    title="Attention Is All You Need",
    authors=("Ashish Vaswani", "Noam Shazeer", "The Team, and Friends"),
    categories=("cs.CL", "cs.LG"),
    published_on=date(2017, 6, 12),
)

papers = st.builds(
    Paper,
    id=st.just("2604.13035"),
    title=st.text(max_size=80),
    abstract=st.text(max_size=80),
    authors=st.lists(st.text(max_size=30), max_size=4).map(tuple),
    keywords=st.lists(st.text(max_size=30), max_size=3).map(tuple),
)


def test_bibtex_is_what_arxiv_itself_proposes() -> None:
    assert bibtex([PAPER]) == (
        "@misc{vaswani2017attention,\n"
        "  title         = {{Attention Is All You Need}},\n"
        "  author        = {Ashish Vaswani and Noam Shazeer and {The Team, and Friends}},\n"
        "  year          = {2017},\n"
        "  eprint        = {1706.03762},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass  = {cs.CL},\n"
        "  url           = {https://arxiv.org/abs/1706.03762},\n"
        "}\n"
    )


def test_no_two_entries_have_one_key() -> None:
    written = bibtex([replace(PAPER, id=f"2604.{number:05}") for number in range(60)])
    keys = re.findall(r"@misc\{([^,]+),", written)
    assert len(set(keys)) == 60
    assert keys[:3] == ["vaswani2017attention", "vaswani2017attentionb", "vaswani2017attentionc"]


def test_signs_of_tex_are_plain_characters_in_bibtex() -> None:
    written = bibtex([replace(PAPER, title="50% of R&D_1 costs #1 {or} C:\\~", authors=("Émile Müller",))])
    assert r"{{50\% of R\&D\_1 costs \#1 " in written
    assert "Émile Müller" in written
    assert "{muller2017of," not in written
    assert "@misc{muller2017" in written


def test_ris_names_families_first() -> None:
    lines = ris([PAPER]).split("\n")
    assert lines[0] == "TY  - UNPB"
    assert "AU  - Vaswani, Ashish" in lines
    assert "DA  - 2017/06/12" in lines
    assert "M1  - arXiv:1706.03762" in lines
    assert lines[-2] == "ER  - "


def test_a_spreadsheet_takes_no_title_for_a_formula() -> None:
    (row,) = csv.DictReader(io.StringIO(table([replace(PAPER, title='=HYPERLINK("http://evil.example","x")')])))
    assert row["title"].startswith("'=")
    assert row["id"] == "1706.03762"
    assert row["year"] == "2017"


def test_no_papers_make_no_entries() -> None:
    assert bibtex([]) == ris([]) == ""
    assert len(table([]).splitlines()) == 1


@given(st.lists(papers, max_size=3))
def test_whatever_the_feed_says_entries_stay_entries(some: list[Paper]) -> None:
    written = bibtex(some)
    unescaped = re.sub(r"\\.", "", written)
    assert unescaped.count("{") == unescaped.count("}")
    assert len(re.findall(r"^@misc\{", written, re.MULTILINE)) == len(some)
    assert ris(some).count("TY  - ") >= len(some)
    assert [line for line in ris(some).split("\n") if line and not re.match(r"[A-Z][A-Z0-9]  - ", line)] == []
    assert len(list(csv.reader(io.StringIO(table(some))))) == len(some) + 1


def test_every_format_writes_a_file() -> None:
    for name, kind in FORMATS.items():
        assert PAPER.id in kind.write([PAPER]), name
