"""References as files: what programs read must be well-formed, whatever titles and names hold."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pybtex.database import BibliographyData, Person, parse_string

from bot.papers.bibtex import is_sound, tex
from bot.papers.citations import FORMATS, bibtex, ris, table
from bot.papers.names import read_names
from bot.papers.paper import Paper
from bot.text.readable import readable, tex_of
from tests.papers.names import names

PAPER = Paper(
    id="1706.03762",
    title="Attention Is All You Need",
    authors=names("Ashish Vaswani", "Noam Shazeer", "The Team, and Friends"),
    categories=("cs.CL", "cs.LG"),
    published_on=date(2017, 6, 12),
)

hostile = st.text(max_size=60) | st.lists(
    st.sampled_from(
        ["$", "{", "}", "\\", "\\alpha", "\\input", "%", "#", "&", "_", "^", "~", "a", " ", "β", "²", "\\{"]
    )
).map("".join)
papers = st.builds(
    Paper,
    id=st.just("2604.13035"),
    title=hostile,
    title_tex=hostile,
    abstract=st.text(max_size=80),
    authors=st.lists(hostile, max_size=4).map(read_names).map(tuple),
    keywords=st.lists(st.text(max_size=30), max_size=3).map(tuple),
)


def parsed(written: str) -> BibliographyData:
    """What a program that is not ours makes of it."""
    return parse_string(written, "bibtex")


def entry_of(paper: Paper) -> tuple[str, str, list[Person]]:
    """Its key, its title as it stands there, and its authors."""
    ((key, entry),) = parsed(bibtex([paper])).entries.items()
    return key, entry.fields["title"], entry.persons["author"]


def test_bibtex_is_what_arxiv_itself_proposes() -> None:
    assert bibtex([PAPER]) == (
        "@misc{vaswani2017attention,\n"
        "  title         = {{Attention Is All You Need}},\n"
        "  author        = {Vaswani, Ashish and Shazeer, Noam and {The Team, and Friends}},\n"
        "  year          = {2017},\n"
        "  eprint        = {1706.03762},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass  = {cs.CL},\n"
        "  url           = {https://arxiv.org/abs/1706.03762},\n"
        "}\n"
    )


def test_names_are_parted_as_bibtex_parts_them() -> None:
    authors = names(
        "Robert W. Heath Jr.", "Laurens van der Maaten", "Gemma Team", "LeCun, Yann", "Blaise Agüera y Arcas"
    )
    _, _, persons = entry_of(replace(PAPER, authors=authors))
    assert [(p.first_names, p.middle_names, p.prelast_names, p.last_names, p.lineage_names) for p in persons] == [
        (["Robert"], ["W."], [], ["Heath"], ["Jr."]),
        (["Laurens"], [], ["van", "der"], ["Maaten"], []),
        ([], [], [], ["{Gemma Team}"], []),
        (["Yann"], [], [], ["LeCun"], []),
        (["Blaise"], [], [], ["{Agüera y Arcas}"], []),
    ]


@pytest.mark.parametrize(
    ("author", "title", "key"),
    [
        ("Bjørn Ødegård", "Œuvre of Łódź", "odegard2017oeuvre"),
        ("Øystein Strauß", "A study", "strauss2017study"),
        ("Иван Петров", "A study", "petrov2017study"),
        ("王伟", "A study", "wangwei2017study"),
        ("Hal Daumé III", "Über allem", "daume2017uber"),
        ("Euclid Collaboration", "The *", "euclid2017"),
        ("", "Studies", "anonymous2017studies"),
        ("Đặng Thị Hạnh", "γ rays", "hanh2017g"),
    ],
)
def test_keys_keep_letters_of_every_script(author: str, title: str, key: str) -> None:
    paper = replace(PAPER, authors=names(author), title=title)
    assert re.findall(r"@misc\{([^,]+),", bibtex([paper])) == [key]


def test_no_two_entries_have_one_key() -> None:
    written = bibtex([replace(PAPER, id=f"2604.{number:05}") for number in range(60)])
    keys = re.findall(r"@misc\{([^,]+),", written)
    assert len(set(keys)) == 60
    assert keys[:3] == ["vaswani2017attention", "vaswani2017attentionb", "vaswani2017attentionc"]


def test_the_tex_of_the_source_is_taken_where_there_is_some() -> None:
    raw = "CO$_2$ and $\\beta$-decay with $O(n^2)$ at $\\leq$5\\%"
    paper = replace(PAPER, title=readable(raw), title_tex=tex_of(raw, 1000))
    assert paper.title == "CO₂ and β-decay with O(n²) at ≤5%"
    assert entry_of(paper)[1] == f"{{{raw}}}"


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("CO₂ and β-decay with O(n²) at ≤5%", r"CO$_{2}$ and $\beta$-decay with O(n$^{2}$) at $\le$5\%"),
        ("x̂ ∈ ℝᵈ, x²₁³", r"$\hat{x}$ $\in$ $\mathbb{R}^{d}$, x$^{2}_{1}{}^{3}$"),
        ("Über 37°C → “naïve” – §1", r"Über 37$^{\circ}$C $\to$ “naïve” – §1"),
        ("Μηχανική μάθηση", "Μηχανική μάθηση"),
        ("Işık & Çelik", r"Işık \& Çelik"),
        ("a { b } c \\ d", r"a \textbraceleft{} b \textbraceright{} c \textbackslash{} d"),
        ("50% of R&D_1 costs #1", r"50\% of R\&D\_1 costs \#1"),
    ],
)
def test_unicode_is_written_in_commands_that_pdflatex_has(title: str, written: str) -> None:
    assert tex(title) == written


@pytest.mark.parametrize(
    "source",
    [
        *("a $b", "a_b", "{a", "a}", "$a{b$}", "50%", "R&D", "#1", "\\", "a\\", "$$a$$", "${$", "\\{a", "a^2"),
        *("\\input{/etc/passwd}", "\\write18{ls}", "\\def\\a{b}", "\\csname x\\endcsname", "\\mymacro", "β-$x$"),
    ],
)
def test_tex_that_cannot_stand_in_a_field_is_not_taken(source: str) -> None:
    assert not is_sound(source)
    assert entry_of(replace(PAPER, title="Plain", title_tex=source))[1] == "{Plain}"


def test_ris_names_families_first_and_is_a_line_a_value() -> None:
    authors = names("Robert W. Heath, Jr.", "Laurens van der Maaten", "Gemma Team", "NVIDIA", ":", "王伟")
    lines = ris([replace(PAPER, abstract="One.\n\nTwo.", authors=authors)]).split("\n")
    assert lines[0] == "TY  - UNPB"
    assert [line[6:] for line in lines if line.startswith("AU")] == [
        *("Heath, Robert W., Jr.", "van der Maaten, Laurens", "Gemma Team", "NVIDIA", "王伟")
    ]
    assert "DA  - 2017/06/12" in lines
    assert "AB  - One. Two." in lines
    assert "M1  - arXiv:1706.03762" in lines
    assert lines[-2] == "ER  - "


def rows(written: str) -> list[dict[str, str]]:
    """What a spreadsheet reads: with its byte order mark, which is no part of the first column's name."""
    return list(csv.DictReader(io.StringIO(written.encode().decode("utf-8-sig"))))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", " =", "\t="])
def test_a_spreadsheet_takes_no_title_for_a_formula(start: str) -> None:
    (row,) = rows(table([replace(PAPER, title=f'{start}HYPERLINK("http://evil.example","x")')]))
    assert row["title"].startswith("'")
    assert row["year"] == "2017"


def test_a_spreadsheet_keeps_ids_and_accents() -> None:
    written = table([replace(PAPER, id="2506.00010", title="Łukasz’s paper", authors=names("LeCun, Yann", "Wu, Cy"))])
    assert written.encode().startswith(b"\xef\xbb\xbfid,")
    (row,) = rows(written)
    assert (row["id"], row["title"], row["authors"]) == ("arXiv:2506.00010", "Łukasz’s paper", "Yann LeCun; Cy Wu")


def test_no_papers_make_no_entries() -> None:
    assert bibtex([]) == ris([]) == ""
    assert len(table([]).splitlines()) == 1


@given(st.lists(papers, max_size=3))
@example([replace(PAPER, title="}", authors=names("A {", "and and AND"))])
def test_whatever_the_feed_says_entries_stay_entries(some: list[Paper]) -> None:
    entries = parsed(bibtex(some)).entries
    assert len(entries) == len(some)
    for paper, entry in zip(some, entries.values(), strict=True):
        assert len(entry.persons.get("author", [])) == len(paper.authors)
    assert ris(some).count("TY  - ") >= len(some)
    assert [line for line in ris(some).split("\n") if line and not re.match(r"[A-Z][A-Z0-9]  - ", line)] == []
    assert len(list(csv.reader(io.StringIO(table(some))))) == len(some) + 1


def test_every_format_writes_a_file() -> None:
    for name, kind in FORMATS.items():
        assert PAPER.id in kind.write([PAPER]), name
