"""References: the papers that a text names, be it links, a bibliography in BibTeX, or an export in RIS.

Reference managers write both (Zotero, Mendeley, EndNote). Only what says which paper it is gets read: ids, links, DOIs
and titles. Line breaks may be gone: chats make spaces of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bot.papers.ids import linked_paper_ids, named_paper_ids, normalize_paper_id, paper_id_of

MOST_REFERENCES: Final = 1_000
LONGEST_TEXT: Final = 4_000_000  # characters that are looked through
_LONGEST_TITLE: Final = 500

_ENTRY: Final = re.compile(r"@[A-Za-z]+\s*[{(]\s*[^\s,{}]+\s*,")
_TITLE: Final = re.compile(r"(?<![A-Za-z])title\s*=\s*", re.IGNORECASE)
_EPRINT: Final = re.compile(r"(?<![A-Za-z])eprint\s*=\s*[{\"]\s*([^\s{}\"]{1,60})", re.IGNORECASE)
_TAG: Final = re.compile(r"(?<!\S)([A-Z][A-Z0-9]) {1,2}-(?=\s)")
_TITLE_TAGS: Final = frozenset({"TI", "T1", "CT"})
_MARKUP: Final = re.compile(r"\\[a-zA-Z]+\s?|[{}\\$]")


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper that is named by its id, or else by its title."""

    paper_id: str | None
    title: str = ""


def references_in(text: str) -> list[Reference]:
    """The papers that a text names, in its order, each once, and no more than `MOST_REFERENCES`."""
    text = text[:LONGEST_TEXT]
    if entries := _entries(text):
        found = [_of_bibtex(entry) for entry in entries]
    elif records := list(_records(text)):
        found = [_of_ris(record) for record in records]
    else:
        found = [Reference(paper_id) for paper_id in _ids_in(text)]
    return list(dict.fromkeys(one for one in found if one.paper_id or one.title))[:MOST_REFERENCES]


def is_bibliography(text: str) -> bool:
    """Whether the text is in BibTeX or RIS."""
    return _ENTRY.search(text) is not None or any(tag[1] == "TY" for tag in _TAG.finditer(text[:2_000]))


def _entries(text: str) -> list[str]:
    starts = [found.start() for found in _ENTRY.finditer(text)]
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


def _of_bibtex(entry: str) -> Reference:
    eprint = _EPRINT.search(entry)
    paper_id = (normalize_paper_id(eprint[1]) if eprint else None) or _first_id(entry)
    title = _TITLE.search(entry)
    return Reference(paper_id) if paper_id else Reference(None, _braced(entry, title.end()) if title else "")


def _braced(text: str, start: int) -> str:
    """The value of a field in braces or quotes, without its markup."""
    depth, end = 0, start
    quoted = text[start : start + 1] == '"'
    for end in range(start, min(len(text), start + _LONGEST_TITLE)):
        character = text[end]
        depth += (character == "{") - (character == "}")
        closed = character == '"' and end > start and not depth if quoted else not depth
        if closed:
            break
    return " ".join(_MARKUP.sub("", text[start + 1 : end]).split())


def _records(text: str) -> Iterator[list[tuple[str, str]]]:
    """The fields of each record of RIS."""
    tags = list(_TAG.finditer(text))
    record: list[tuple[str, str]] = []
    ends = [*(tag.start() for tag in tags[1:]), len(text)]
    for tag, end in zip(tags, ends, strict=False):
        if tag[1] == "TY":
            record = []
        elif tag[1] == "ER":
            yield record
        else:
            record.append((tag[1], " ".join(text[tag.end() : end].split())))


def _of_ris(record: list[tuple[str, str]]) -> Reference:
    paper_id = _first_id("\n".join(value for _, value in record))
    return Reference(
        paper_id, "" if paper_id else next((value[:_LONGEST_TITLE] for tag, value in record if tag in _TITLE_TAGS), "")
    )


def _first_id(text: str) -> str | None:
    return next(iter((*linked_paper_ids(text), *named_paper_ids(text))), None)


def _ids_in(text: str) -> list[str]:
    plain = [paper_id for word in re.split(r"[\s,;|]+", text) if (paper_id := paper_id_of(word))]
    return list(dict.fromkeys([*plain, *linked_paper_ids(text), *named_paper_ids(text)]))
