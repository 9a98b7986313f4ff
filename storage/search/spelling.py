"""What a word that hardly any paper has may have been meant to be: words of the index that are spelt nearly so."""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Final

from bot.search.questions import STOP_WORDS
from bot.text.words import stemmed

SHORTEST: Final = 4  # letters
MOST_OFFERED: Final = 3
_SELDOM: Final = 10  # papers: with more of them a word is meant as it is written
_TIMES: Final = 100  # how many times as often what is offered is there
_LEAST: Final = 5  # papers that have what is offered
_ALIKE: Final = 0.8  # of what `SequenceMatcher` takes for the same
_LONGER: Final = 2  # letters more or less

KnownWords = Callable[[str], list[tuple[str, int]]]
"""The words that begin so, with the number of papers that have them."""


def nearest_words(word: str, papers: int, known: KnownWords) -> list[str]:
    """The nearest words of the index, best first; none if `papers` that have the word are enough, or nothing is near.

    Looks among the words with the same first letter, else with its second letter for their first: few are mistaken
    otherwise. That takes some milliseconds, and nothing is kept. Words of grammar are in every paper, and nobody looks
    for them: none is offered.
    """
    if len(word) < SHORTEST or not word.isalpha() or papers > _SELDOM:
        return []
    least = max(_LEAST, _TIMES * papers)
    matcher = SequenceMatcher(b=word)  # what it keeps about the second of the two is used for all
    for beginning in dict.fromkeys(word[:2]):
        found = []
        for other, count in known(beginning):
            if count < least or abs(len(other) - len(word)) > _LONGER:
                continue
            matcher.set_seq1(other)
            if matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE:
                alike = matcher.ratio()
                if alike >= _ALIKE and stemmed((other,))[0] not in STOP_WORDS:
                    found.append((-alike, -count, other))
        if found:
            return [other for _, _, other in sorted(found)[:MOST_OFFERED]]
    return []
