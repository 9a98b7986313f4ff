"""Ids of papers: what arXiv calls them, and the links that lead to them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.errors import UserError

# https://info.arxiv.org/help/arxiv_identifier.html: since 2007-04 YYMM.NNNN, since 2015-01 five digits; before,
# archive(.subject-class)/YYMMNNN. A version may follow.
_NEW_ID = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"


_OLD_ID = r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[A-Za-z]{2})?/(?P<number>\d{2}(?:0[1-9]|1[0-2])\d{3})"


_ID = re.compile(rf"(?:(?P<id>{_NEW_ID})|{_OLD_ID})(?:v\d+)?", re.ASCII)


_HOSTS = re.compile(
    r"(?:https?://)?(?:www\.|export\.|browse\.)?"
    r"(?:arxiv\.org/(?:abs|pdf|html|ps|format)|huggingface\.co/papers|hf\.co/papers|alphaxiv\.org/abs)/",
    re.ASCII | re.IGNORECASE,
)


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


def parse_paper_id(text: str) -> str:
    """The id of the paper that a person names by id or by link.

    Raises `UserError` when there is none in the text.
    """
    text = text.strip().strip("<>").rstrip(".,;:!")  # copied with the end of its sentence
    link = _HOSTS.match(text)
    if link:
        found = _ID.match(text, link.end())
        rest = text[found.end() :] if found else ""
        if found and re.fullmatch(r"(?:\.pdf)?/?(?:[?#].*)?", rest, re.DOTALL):
            return _id_of(found)
    elif paper_id := normalize_paper_id(text):
        return paper_id
    shown = text if len(text) <= 60 else text[:59] + "…"
    raise UserError(
        f"“{shown}” is not a paper that I can find. Write an arXiv id like `2604.13035`, "
        "or a link to arxiv.org or huggingface.co/papers."
    )


def linked_paper_ids(text: str) -> list[str]:
    """The ids of all papers that a text links to, in their order, each once."""
    ids: Iterable[str] = (
        _id_of(found) for link in _HOSTS.finditer(text) if (found := _ID.match(text, link.end())) is not None
    )
    return list(dict.fromkeys(ids))
