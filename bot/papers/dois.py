"""DOIs: what is one, where links say one, and the id of a paper that has no other.

https://www.doi.org/doi-handbook/HTML/doi-name-syntax.html: `10.`, a registrant, `/`, and anything at all behind it,
without regard to case.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final
from urllib.parse import quote, unquote

PREFIX: Final = "doi:"
#: Longer ones stand in an id by their sum: a button of Discord has 100 characters for a whole command.
LONGEST_IN_ID: Final = 56
_LONGEST: Final = 300  # characters; real ones have up to 200
_START: Final = r"10\.\d{4,9}(?:\.\d{1,9})*/"
_DOI = re.compile(rf"{_START}[^\s\"<>`\\^|{{}}]+", re.ASCII)
#: What is part of old DOIs (of Wiley and Elsevier), which have all kinds of brackets.
_ANY_DOI = re.compile(rf"{_START}\S+", re.ASCII)
_NAMED = re.compile(
    r"(?:https?://(?:(?:www|dx)\.)?doi\.org/(?:doi:)?|(?:dx\.)?doi\.org/|\s*doi\s*:\s*|info:doi/|urn:doi:)",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
#: What publishers write behind a DOI in the addresses of its pages.
_PAGE_OF_LINK = re.compile(
    r"(?:/(?:full|abstract|abs|pdf|epdf|pdfdirect|html|fulltext|full-text|meta|summary|references|download|issuetoc)"
    r"|\.(?:pdf|full|abstract|full\.pdf|full-text|short|article-info|xml))+/?$",
    re.IGNORECASE,
)
#: Versions in addresses of bioRxiv and medRxiv, which have one DOI for all versions.
_PREPRINT = re.compile(r"(10\.(?:1101|64898)/\d{4}\.\d\d\.\d\d\.\d{6,9})(?:v\d+)?(?![\d.])", re.ASCII)
#: Nature's addresses have only the end of its DOIs.
_NATURE = re.compile(r"https?://(?:www\.)?nature\.com/articles/([a-z0-9-]{5,40}(?:\.\d+)?)(?:[/?#.]|$)", re.IGNORECASE)
_IN_ID = re.compile(r"(?:[a-z0-9./_:+-]|\([a-z0-9./_:+-]+\))+", re.ASCII)


def doi_of(text: str) -> str | None:
    """The DOI when `text` is nothing but one, alone or as it is cited (`doi:10.1101/x`, `https://doi.org/10.1101/x`).

    In small letters, without what may follow an address.
    """
    text = text.strip()
    named = _NAMED.match(text)
    rest = text[named.end() :] if named else text
    if named and "//" in named[0]:
        rest = unquote(rest.partition("?")[0].partition("#")[0])
    found = _ANY_DOI.fullmatch(rest.strip())
    return _trimmed(found[0]) if found else None


def doi_in_link(address: str) -> str | None:
    """The DOI that the address of a page names: of doi.org, or of a publisher that has it in its addresses."""
    if not address.lower().startswith(("http://", "https://")):
        return None
    if found := doi_of(address):
        return found
    if nature := _NATURE.match(address):
        return f"10.1038/{nature[1].lower()}"
    path, _, query = unquote(address).partition("#")[0].partition("?")
    for part in (path, *query.split("&")):
        if found_in := _DOI.search(part):
            return _trimmed(_PAGE_OF_LINK.sub("", found_in[0]))
    return None


def dois_linked(text: str) -> list[tuple[int, str]]:
    """The DOIs that a text links to or names with `doi:`, each with its place."""
    found = [(link.start(), doi) for link in _LINK.finditer(text) if (doi := doi_in_link(link[0].rstrip(".,;:!)]'")))]
    named = re.finditer(rf"\bdoi:\s?({_START}[^\s\"<>]+)", text, re.ASCII | re.IGNORECASE)
    return found + [(one.start(), doi) for one in named if (doi := _trimmed(one[1]))]


def id_of_doi(doi: str) -> str:
    """The id of a paper that is known by its DOI alone.

    Whatever would not pass through a command line or is too long for a button is replaced by its sum.
    """
    if len(doi) <= LONGEST_IN_ID and _IN_ID.fullmatch(doi) and _trimmed(doi) == doi:
        return f"{PREFIX}{doi}"
    registrant = doi.partition("/")[0][:20]
    return f"{PREFIX}{registrant}/sha256-{hashlib.sha256(doi.encode()).hexdigest()[:24]}"


def link_to_doi(doi: str) -> str:
    """The address that leads to whatever has the DOI."""
    return f"https://doi.org/{quote(doi, safe='/:;()')}"


def _trimmed(doi: str) -> str | None:
    """Without the end of the sentence that it stood in, and without the version of a preprint's page."""
    doi = doi.lower().rstrip(".,;:!?'*")
    while doi and doi[-1] in ")]}>" and doi.count(doi[-1]) > doi.count("([{<"[")]}>".index(doi[-1])]):
        doi = doi[:-1].rstrip(".,;:!?'*")
    if preprint := _PREPRINT.match(doi):
        doi = preprint[1]
    return doi if re.fullmatch(rf"{_START}\S+", doi, re.ASCII) and len(doi) <= _LONGEST and doi.isprintable() else None
