"""Fusion: two lists of candidates, of those who have the words and of those who mean the same, made one.

The rule is fixed: the candidates are `CANDIDATES` of each list. What they mean is compared with the question for all
of them, their words for those that have some. Both are brought between 0 and 1 and added by weights, which are not
tuned to any collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bot.meaning.collection import Nearness
from bot.search.results import Hit

CANDIDATES: Final = 200  # of each list
#: What meaning weighs, of one.
_MEANING: Final = 0.5
_MEANING_OF_SENTENCES: Final = 0.7
#: From so many words on, what somebody writes is a sentence.
_SENTENCE: Final = 6


def weight_of_meaning(words: int) -> float:
    """What meaning weighs for a question of so many words."""
    return _MEANING_OF_SENTENCES if words >= _SENTENCE else _MEANING


def fused(by_words: Sequence[Hit], by_meaning: Sequence[Nearness], weight: float = _MEANING) -> list[Hit]:
    """The candidates of both lists, best first; of equals the larger id. Scores are from 0 to 1.

    `by_meaning` also has what those mean that were found by words.
    """
    said = _from_0_to_1({hit.paper_id: hit.score for hit in by_words})
    meant = _from_0_to_1({near.paper_id: float(near.product) for near in by_meaning})
    scores = {
        paper_id: (1 - weight) * said.get(paper_id, 0.0) + weight * meant.get(paper_id, 0.0)
        for paper_id in said.keys() | meant.keys()
    }
    best = sorted(scores, key=lambda paper_id: (scores[paper_id], paper_id), reverse=True)
    return [Hit(paper_id, scores[paper_id]) for paper_id in best]


def _from_0_to_1(scores: Mapping[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {paper_id: (score - low) / (high - low) if high > low else 1.0 for paper_id, score in scores.items()}
