"""Sources by name: where papers come from. Beside those that are built in, any feed has a name that people gave it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NewType

#: What a source is called in queries, settings and the store: `huggingface`, `nature`.
SourceName = NewType("SourceName", str)

HUGGINGFACE: Final = SourceName("huggingface")
ARXIV: Final = SourceName("arxiv")
#: Read in every installation.
BUILT_IN: Final = (HUGGINGFACE, ARXIV)
BIORXIV: Final = SourceName("biorxiv")
MEDRXIV: Final = SourceName("medrxiv")
#: Preprint servers that are read by their own interface where somebody added them by name.
SERVERS: Final = (BIORXIV, MEDRXIV)

LONGEST_NAME: Final = 30  # characters
_NAME = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{LONGEST_NAME - 2}}}[a-z0-9])?", re.ASCII)
_TITLES: Final = {HUGGINGFACE: "Hugging Face", ARXIV: "arXiv", BIORXIV: "bioRxiv", MEDRXIV: "medRxiv"}
_SHORT_NAMES: Final = {"hf": HUGGINGFACE}


def title_of_source(name: SourceName) -> str:
    """What people call a source; a feed is called what it was named."""
    return _TITLES.get(name, name)


def source_named(text: str) -> SourceName | None:
    """The source that a name means, whether or not there is one of that name; None for what is no name."""
    name = text.strip().lower()
    return _SHORT_NAMES.get(name) or (SourceName(name) if _NAME.fullmatch(name) else None)


def in_order(names: Iterable[SourceName]) -> list[SourceName]:
    """Those that are built in first, as they stand there, then the others by name; each once."""
    known = (*BUILT_IN, *SERVERS)
    return sorted(set(names), key=lambda name: (known.index(name) if name in known else len(known), name))
