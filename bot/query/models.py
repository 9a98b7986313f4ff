"""Models: what terms by example are made into once, and decided by ever after."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

#: What each term by example of a query is decided by: the term as it is written, and its model.
Models = tuple[tuple[str, "WordModel"], ...]


@dataclass(frozen=True, slots=True)
class WordModel:
    """A sparse linear model of words: a whole, positive weight for each of a few hundred terms.

    A paper's score is the sum of the weights of the terms in its text, those in its title counting twice. It is like
    the examples if and only if that reaches the threshold, so a lower threshold finds all that a higher one does.
    Terms are as `bot.text.words.terms` gives them; `table` is the version of the table of terms that weighed them, and
    `titles` are those of the examples.
    """

    weights: tuple[tuple[str, int], ...] = field(hash=False)
    threshold: int
    table: str
    titles: tuple[str, ...]

    def score(self, text: Collection[str], title: Collection[str]) -> int:
        """The score of a paper with these terms in its text (title, abstract and keywords) and in its title."""
        return sum(weight * ((term in text) + (term in title)) for term, weight in self.weights)


def decided(model: WordModel | None) -> WordModel:
    """The model; raises `LookupError` where a term has none yet, as a query has that was only read."""
    if model is None:
        raise LookupError("a term by example has no model: nothing can be said about it")
    return model


def models_written(models: Models) -> str | None:
    """The models as they are kept with a topic; None where there are none."""
    written = {
        term: {
            "threshold": model.threshold,
            "table": model.table,
            "titles": model.titles,
            "weights": dict(model.weights),
        }
        for term, model in models
    }
    return json.dumps(written, ensure_ascii=False, separators=(",", ":")) if written else None


@lru_cache(4096)
def models_read(written: str | None) -> Models:
    """What `models_written` wrote."""
    found: dict[str, dict[str, Any]] = json.loads(written) if written else {}
    return tuple(
        (
            term,
            WordModel(tuple(model["weights"].items()), model["threshold"], model["table"], tuple(model["titles"])),
        )
        for term, model in found.items()
    )
