"""Ids of papers: what arXiv calls them, else their DOI, else what a feed has; and the links that lead to them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from bot.errors import UserError
from bot.papers.dois import doi_in_link, doi_of, dois_linked, id_of_doi
from bot.text.typed import as_typed

# https://info.arxiv.org/help/arxiv_identifier.html: since 2007-04 YYMM.NNNN, since 2015-01 five digits; before,
# archive(.subject-class)/YYMMNNN. A version may follow.
_NEW_ID = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"


_OLD_ID = r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[A-Za-z]{2})?(?:/|%2F)(?P<number>\d{2}(?:0[1-9]|1[0-2])\d{3})"


_ID = re.compile(rf"(?:(?P<id>{_NEW_ID})|{_OLD_ID})(?:v\d+)?", re.ASCII)


# Where links to papers lead, up to the id (https://info.arxiv.org/help/arxiv_identifier_for_services.html), also at
# those who show arXiv's papers under its ids. DOIs of arXiv: https://info.arxiv.org/help/doi.html.
_LINKS = re.compile(
    r"(?:https?://|(?<![\w.-]))(?:"
    r"(?:(?:www|export|browse|[a-z]{2})\.)?arxiv\.org/(?:abs|pdf|html|ps|format|src|e-print|tb)"
    r"|(?:www\.)?(?:huggingface\.co|hf\.co)/papers"
    r"|(?:www\.)?alphaxiv\.org/(?:abs|pdf|html|overview|resources)"
    r"|(?:www\.)?ar5iv\.(?:labs\.arxiv\.)?org/(?:abs|html|pdf)"
    r"|(?:www\.|api\.)?semanticscholar\.org/arxiv"
    r")[/:](?:arxiv:)?"
    r"|(?:https?://(?:(?:www|dx)\.)?doi\.org/|\bdoi:\s?|(?<![\w./]))10\.48550(?:/|%2F)arxiv\.",
    re.ASCII | re.IGNORECASE,
)
# How people and programs name papers: the preprint of a citation, the identifier of OAI-PMH.
_NAMED = re.compile(
    r"(?:\boai:arxiv\.org:|\barxiv\s?(?:e-?print\s|preprint\s)?(?:arxiv)?\s?[:_]\s?)", re.ASCII | re.IGNORECASE
)
_BEHIND_LINK = re.compile(r"(?:\.pdf)?/?(?:[?#].*)?", re.DOTALL)
# `[math.AP]` and a date stand behind an id wherever it is cited.
_BEHIND_ID = re.compile(r"(?:\.pdf)?(?:\s*\[[A-Za-z.-]{2,20}\]?(?:\s.{0,100})?)?", re.DOTALL)
_AROUND = " \t\r\n<>()[]{}\"'“”„‘’«»`"
_LONGEST_SAID = 2_000  # characters that are looked through for one paper


# The id of what only a feed has, by its own name for it: `bot.papers.ids.feed_id`.
_FEED_ID = re.compile(r"feed:[0-9a-f]{20}", re.ASCII)
_DOI_ID = re.compile(r"doi:10\.[\d.]{4,20}/sha256-[0-9a-f]{24}", re.ASCII)  # of a DOI that is too long to be an id


def is_arxiv_id(paper_id: str) -> bool:
    """Whether a paper's id is arXiv's; others have a word and a colon in front."""
    return ":" not in paper_id


def feed_id(name: str) -> str:
    """The id of a paper that only a feed has, from what names it there."""
    return f"feed:{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"


def id_for_doi(doi: str) -> str:
    """The id of the paper with that DOI: arXiv's for a DOI of arXiv, else one that is made of it."""
    return paper_id_of(f"doi:{doi}") or id_of_doi(doi)


def _id_of(found: re.Match[str]) -> str:
    return found["id"] or f"{found['archive']}/{found['number']}"


def normalize_paper_id(text: str) -> str | None:
    """The arXiv id when `text` is nothing but one (`2604.13035v2`, `arXiv:math.GT/0309136`).

    Without version and subject class, which name the same paper.
    """
    text = text.strip()
    if text[:6].lower() == "arxiv:":
        text = text[6:].strip()
    found = _ID.fullmatch(text)
    return _id_of(found) if found else None


def paper_id_of(text: str) -> str | None:
    """The id of the one paper that `text` names: an id, a link, a DOI of arXiv, or the line to cite it by."""
    whole = text.strip()
    text = text.strip(_AROUND + ".,;:!")  # copied with the end of its sentence
    if found := _ID.match(text):
        return _id_of(found) if _BEHIND_ID.fullmatch(text, found.end()) else None
    ids: set[str] = set()
    for beginning, behind in ((_LINKS, _BEHIND_LINK), (_NAMED, _BEHIND_ID)):
        begun = beginning.match(text)
        if begun and (found := _ID.match(text, begun.end())) and behind.fullmatch(text, found.end()):
            return _id_of(found)
        ids.update(_begun_by(beginning, text[:_LONGEST_SAID]))
    # A citation names its paper once, or in several ways.
    if len(ids) == 1 and not text.startswith(("http://", "https://")):
        return ids.pop()
    return None if ids else _other_id(whole.strip("<>\"'“”`"))


def _other_id(text: str) -> str | None:
    """The id of a paper that arXiv does not have: as we write it, by its DOI, or by a page with that in its address."""
    if _FEED_ID.fullmatch(text) or _DOI_ID.fullmatch(text):
        return text
    doi = doi_of(text) or doi_in_link(text)
    if not doi:
        return None
    # An address of somebody else's may have a DOI of arXiv in it.
    return next(iter(_begun_by(_LINKS, f"doi:{doi}")), None) or id_of_doi(doi)


def parse_paper_id(text: str) -> str:
    """The id of the paper that a person names by id, by link or as it is cited.

    Raises `UserError` when there is none in the text, or several.
    """
    if paper_id := paper_id_of(as_typed(text)):
        return paper_id
    text = text.strip().strip("<>")
    shown = text if len(text) <= 60 else text[:59] + "…"
    raise UserError(
        f"“{shown}” is not a paper that I can find. Write an arXiv id like `2604.13035`, a DOI, "
        "or a link to arxiv.org, huggingface.co/papers or doi.org."
    )


def linked_paper_ids(text: str) -> list[str]:
    """The ids of all papers that a text links to, or names by DOI, in their order, each once."""
    arxiv = [(begun.start(), _id_of(found)) for begun, found in _found_by(_LINKS, text)]
    others = [(place, id_for_doi(doi)) for place, doi in dois_linked(text)]
    return list(dict.fromkeys(paper_id for _, paper_id in sorted(arxiv + others, key=lambda one: one[0])))


def named_paper_ids(text: str) -> list[str]:
    """The ids of all papers that a text cites (`arXiv:2604.13035`), in their order, each once."""
    return list(dict.fromkeys(_begun_by(_NAMED, text)))


def _begun_by(beginning: re.Pattern[str], text: str) -> Iterable[str]:
    return (_id_of(found) for _, found in _found_by(beginning, text))


def _found_by(beginning: re.Pattern[str], text: str) -> Iterable[tuple[re.Match[str], re.Match[str]]]:
    """What the id begins behind, and the id."""
    return ((begun, found) for begun in beginning.finditer(text) if (found := _ID.match(text, begun.end())) is not None)
