"""Models: what terms by example are made into once, and decided by ever after."""

from __future__ import annotations

import json
from array import array
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar

#: What each term by example of a query is decided by: the term as it is written, and its model.
Models = tuple[tuple[str, "WordModel | MeaningModel"], ...]


#: The largest sum of the weights of a model of words: twice that still fits into 16 bits.
LARGEST_SUM: Final = 16_000


@dataclass(frozen=True, slots=True)
class WordModel:
    """A sparse linear model of words: a whole, positive weight for each of a few hundred terms.

    A paper's score is the sum of the weights of the terms in its text, those in its title counting twice. It is like
    the examples if and only if that reaches the threshold, so a lower threshold finds all that a higher one does.
    Terms are as `bot.text.words.terms` gives them; `table` is the version of the table of terms that weighed them, and
    `titles` are those of the examples.
    """

    terms: str
    """The terms with spaces between: there are very many models, and this takes a tenth of the memory of a list."""
    numbers: bytes
    """The weight of each term, in two bytes."""
    threshold: int
    table: str
    titles: tuple[str, ...]

    @classmethod
    def of(
        cls, weights: Mapping[str, int], threshold: int = 0, *, table: str = "", titles: Sequence[str] = ()
    ) -> WordModel:
        """Raises `ValueError` for weights whose sum is too large to be added up exactly wherever that is done."""
        if sum(weights.values()) > LARGEST_SUM:
            raise ValueError("the weights of a model of words are too large")
        return cls(" ".join(weights), array("H", weights.values()).tobytes(), threshold, table, tuple(titles))

    @property
    def weights(self) -> dict[str, int]:
        """The weight of each term."""
        return dict(zip(self.terms.split(), array("H", self.numbers), strict=True))

    def score(self, text: Collection[str], title: Collection[str]) -> int:
        """The score of a paper with these terms in its text (title, abstract and keywords) and in its title."""
        return sum(weight * ((term in text) + (term in title)) for term, weight in self.weights.items())


@dataclass(frozen=True, slots=True)
class MeaningModel:
    """What words mean to one version of an embedding model: an int8 vector, and how near to it papers must be.

    A paper is about the words if and only if the dot product of its vector with this one reaches the threshold. `model`
    is the name of the version; papers without a vector of it are neither found nor excluded: they wait.
    """

    model: str
    numbers: bytes
    threshold: int


_Model = TypeVar("_Model", WordModel, MeaningModel)


def decided(model: _Model | None) -> _Model:
    """The model; raises `LookupError` where a term has none yet, as a query has that was only read."""
    if model is None:
        raise undecided()
    return model


def undecided() -> LookupError:
    """The error of whoever asks what a term without a model finds."""
    return LookupError("a term by example has no model: nothing can be said about it")


def models_written(models: Models) -> str | None:
    """The models as they are kept with a topic; None where there are none."""
    written = {term: _written(model) for term, model in models}
    return json.dumps(written, ensure_ascii=False, separators=(",", ":")) if written else None


@lru_cache(4096)
def models_read(written: str | None) -> Models:
    """What `models_written` wrote."""
    found: dict[str, dict[str, Any]] = json.loads(written) if written else {}
    return tuple((term, _read(model)) for term, model in found.items())


def embedding_model_of(models: Models) -> str | None:
    """The version of the embedding model that models of meaning are of, None without any."""
    return next((model.model for _, model in models if isinstance(model, MeaningModel)), None)


def _written(written: WordModel | MeaningModel) -> dict[str, Any]:
    match written:
        case WordModel(threshold=threshold, table=table, titles=titles):
            return {"threshold": threshold, "table": table, "titles": titles, "weights": written.weights}
        case MeaningModel(name, numbers, threshold):
            return {"threshold": threshold, "model": name, "numbers": b64encode(numbers).decode()}


def _read(written: dict[str, Any]) -> WordModel | MeaningModel:
    if "numbers" in written:
        return MeaningModel(written["model"], b64decode(written["numbers"]), written["threshold"])
    return WordModel.of(written["weights"], written["threshold"], table=written["table"], titles=written["titles"])
