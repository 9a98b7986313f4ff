"""How text becomes words. Search and topics both go through here: that is why they agree on what matches.

The rules are those of the search engine, run by the engine's own code: a word is a run of letters and digits (so
`fine-tuning` is two words and `C++` is `c`), accents and case are folded, and English words are reduced to their
stem for everything but prefixes and names.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from typing import Final

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

#: The names under which the index knows the two analysers.
WORDS: Final = "words"
TERMS: Final = "terms"

# The engine silently leaves out words of 65,530 bytes and more. Cutting far below that, before anybody looks, keeps
# such a word the same for search and topics; folding can make four bytes of a character, NFKC is done by then.
_LONGEST_WORD = 10_000
_OVERLONG = re.compile(rf"\S{{{_LONGEST_WORD}}}")


def words_analyzer() -> TextAnalyzer:
    """What the index registers as `WORDS`: folded words as they are written."""
    return _folding().build()


def terms_analyzer() -> TextAnalyzer:
    """What the index registers as `TERMS`: folded words, stemmed."""
    return _folding().filter(Filter.stemmer("english")).build()


def normalized(text: str) -> str:
    """The text as both analysers, here and in the index, want it.

    Compatibility forms are unified (NFKC), so that `é` in one character or two, `ﬁ` and `𝐀` are the same to search;
    lone surrogates, which no index can store, become `?`.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).encode("utf-8", "replace").decode("utf-8")
    return _OVERLONG.sub(r"\g<0> ", text) if len(text) > _LONGEST_WORD else text


def words(text: str) -> list[str]:
    """The words of a text in their order, folded but not stemmed. Safe in any thread."""
    return _analyze(_WORDS, text)


def terms(text: str) -> list[str]:
    """The words of a text in their order, folded and stemmed: as many as `words`. Safe in any thread."""
    return _analyze(_TERMS, text)


def _folding() -> TextAnalyzerBuilder:
    # Folding comes before lower-casing: "İ" in small letters is two characters, of which no accent can be folded. Once
    # more, because the small letters of a few rare capitals fold, too: so folded words fold to themselves.
    folding = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.ascii_fold()).filter(Filter.lowercase())
    return folding.filter(Filter.ascii_fold()).filter(Filter.lowercase())


def _analyze(analyzer: TextAnalyzer, text: str) -> list[str]:
    text = normalized(text)
    with _ONE_AT_A_TIME:  # an analyser keeps a buffer of its own
        return analyzer.analyze(text)


_WORDS: Final = words_analyzer()
_TERMS: Final = terms_analyzer()
_ONE_AT_A_TIME: Final = threading.Lock()
