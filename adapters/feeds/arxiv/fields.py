"""What arXiv's records say in ways of their own, wherever they are found: categories, and authors in one text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bot.papers.names import split_names
from bot.query.categories import ARCHIVES, CATEGORIES

LONGEST_COMMENT = 2_000
_CLOSED: Final = (
    "acc-phys adap-org alg-geom ao-sci atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas dg-ga funct-an mtrl-th "
    "patt-sol plasm-ph q-alg solv-int supr-con"
)
CLOSED_ARCHIVES: Final = frozenset(_CLOSED.split())
"""Old papers have them, new ones never: https://info.arxiv.org/help/prior_archives.html."""

# Old papers are in whole archives, like astro-ph, that have classes today.
_KNOWN: Final = {name for name in CATEGORIES if not name.endswith("*")} | ARCHIVES
_BETWEEN = re.compile(r"[\s,;]+")
_IN_BRACKETS = re.compile(r"\([^()]*\)")


def arxiv_categories(terms: Iterable[str]) -> tuple[str, ...]:
    """The arXiv categories that the terms name, in their order and each once.

    Authors' own classes stand beside them (`68T50`, `I.2.7; I.4.8 (Primary)`) and are left out: no query can ask for
    them.
    """
    names = (name for term in terms for name in _BETWEEN.split(term))
    return tuple(dict.fromkeys(name for name in names if name in _KNOWN))


def author_names(text: str) -> list[str]:
    """The names of `A, B and C`, or of `Surname, A; Surname, B`; what is in brackets says where they work."""
    for _ in range(2):
        text = _IN_BRACKETS.sub(" ", text)
    return split_names(text)
