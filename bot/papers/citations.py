"""Citations: papers as BibTeX, RIS and CSV, for the programs that people keep their references in."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from anyascii import anyascii

from bot.papers.bibtex import escaped, tex, tex_title
from bot.papers.paper import Paper

#: Words that say nothing about a paper, and are no part of its key.
_SMALL_WORDS = frozenset([
    "a", "an", "and", "are", "as", "at", "by", "can", "do", "does", "for", "from", "how", "in", "is", "it", "of", "on",
    "or", "the", "to", "via", "we", "what", "when", "with",
])  # fmt: skip
#: A cell that begins so is a formula to a spreadsheet. https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_BOM: Final = "\ufeff"
_LONGEST_PART: Final = 30  # characters of a name or word in a key; Chinese titles are one word
_COLUMNS = ("id", "title", "authors", "year", "published", "categories", "url", "pdf", "code", "upvotes")


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationFormat:
    """A way to write references. `write` makes a whole file of papers, which is empty for none."""

    label: str
    ending: str
    media_type: str
    write: Callable[[Sequence[Paper]], str]


def bibtex(papers: Iterable[Paper]) -> str:
    """An entry each with keys that differ: `@misc`, as arXiv itself proposes, or `@article` for what a journal has.

    https://info.arxiv.org/help/hypertex/bibstyles/index.html
    """
    taken: set[str] = set()
    return "\n".join(_bibtex_entry(paper, _free_key(paper, taken)) for paper in papers)


def ris(papers: Iterable[Paper]) -> str:
    """An unpublished work each, or an article of a journal. https://github.com/aurimasv/translators/wiki/RIS-Tag-Map"""
    return "\n".join(_ris_entry(paper) for paper in papers)


def table(papers: Iterable[Paper]) -> str:
    """A line each, with a header, quoted as RFC 4180 says, for spreadsheets.

    It begins with a byte order mark, without which Excel takes UTF-8 for something else, and ids say that they are
    arXiv's, without which they are numbers that lose their zeros.
    """
    written = io.StringIO()
    written.write(_BOM)
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for paper in papers:
        writer.writerow(
            _cell(value)
            for value in (
                _shown_id(paper),
                paper.title,
                "; ".join(name.written for name in paper.authors),
                _year(paper),
                str(paper.published_on or ""),
                " ".join(paper.categories),
                paper.abstract_url,
                paper.pdf_url,
                paper.code_url,
                str(paper.upvotes),
            )
        )
    return written.getvalue()


FORMATS = {
    "bibtex": CitationFormat(label="BibTeX", ending="bib", media_type="application/x-bibtex", write=bibtex),
    "ris": CitationFormat(label="RIS", ending="ris", media_type="application/x-research-info-systems", write=ris),
    "csv": CitationFormat(label="CSV", ending="csv", media_type="text/csv", write=table),
}


def _bibtex_entry(paper: Paper, key: str) -> str:
    fields = {
        # Braces keep capitals as they are: titles are full of names.
        "title": f"{{{tex_title(paper.title, paper.title_tex)}}}",
        "author": " and ".join(name.bibtex(escaped) for name in paper.authors),
        "year": _year(paper),
        "journal": tex(paper.venue),
        "doi": escaped(paper.doi),
        "eprint": paper.id if paper.is_on_arxiv else "",
        "archivePrefix": "arXiv" if paper.is_on_arxiv else "",
        "primaryClass": paper.categories[0] if paper.categories else "",
        "url": escaped(paper.abstract_url),
    }
    lines = [f"  {name:<13} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{'article' if paper.venue else 'misc'}{{{key},", *lines, "}", ""])


def _ris_entry(paper: Paper) -> str:
    lines = [
        ("TY", "JOUR" if paper.venue else "UNPB"),
        ("TI", paper.title),
        *(("AU", name.ris) for name in paper.authors),
    ]
    lines += [("PY", _year(paper)), ("DA", f"{paper.published_on:%Y/%m/%d}" if paper.published_on else "")]
    lines += [("AB", paper.abstract), *(("KW", word) for word in paper.keywords)]
    lines += [
        ("JO", paper.venue),
        ("DO", paper.doi),
        ("M1", _shown_id(paper)),
        ("UR", paper.abstract_url),
        ("L1", paper.pdf_url),
    ]
    # A value is a line: a second one would be taken for a tag, or lost.
    return "".join(f"{tag}  - {' '.join(value.split())}\n" for tag, value in lines if value) + "ER  - \n"


def _shown_id(paper: Paper) -> str:
    return f"arXiv:{paper.id}" if paper.is_on_arxiv else paper.id


def _year(paper: Paper) -> str:
    if day := paper.published_on or paper.day:
        return str(day.year)
    if not paper.is_on_arxiv:
        return ""
    # The id says when it was submitted: since 1991, in two digits.
    number = paper.id.rpartition("/")[2][:2]
    return f"{'19' if number > '90' else '20'}{number}"


def _free_key(paper: Paper, taken: set[str]) -> str:
    """`vaswani2017attention`, with a letter behind it when that is taken."""
    family = next((key for name in paper.authors[:1] if (key := name.key)), "anonymous")
    words = (_ascii(word) for word in paper.title.split())
    telling = next((word for word in words if word and word not in _SMALL_WORDS), "")
    stem = f"{family[:_LONGEST_PART]}{_year(paper)}{telling[:_LONGEST_PART]}"
    key, number = stem, 1
    while key in taken:
        number += 1
        key = f"{stem}{chr(ord('a') + number - 1)}" if number <= 26 else f"{stem}-{number}"
    taken.add(key)
    return key


def _ascii(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", anyascii(word).lower())


def _cell(value: str) -> str:
    value = " ".join(value.split())
    return f"'{value}" if value.startswith(_FORMULA) else value
