"""Models of terms by example in files: read with every bound that one made here keeps to."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final

from bot.meaning.vectors import WHOLE
from bot.meaning.word_models import MOST_TERMS
from bot.query.models import LARGEST_SUM, MeaningModel, WordModel
from bot.query.parser import MOST_TERMS as MOST_EXAMPLES
from bot.text.lists import listed
from bot.text.suggestions import quoted
from bot.topic_files.nodes import MistakeError, Node

_WORD_KEYS: Final = ("of", "threshold", "table", "titles", "weights")
_MEANING_KEYS: Final = ("of", "threshold", "model", "numbers")
_LONGEST_TERM: Final = 200  # characters
_LONGEST_TITLE: Final = 2_000
_MOST_NUMBERS: Final = 4_096
_WHOLE_NUMBER = re.compile(r"[0-9]{1,8}", re.ASCII)
_AGAIN: Final = "Leave out `models`, and they are made of the examples again."


def read_model(node: Node) -> WordModel | MeaningModel:
    """The model in an entry of `models`. Raises `MistakeError` for what no model is like."""
    named = {key.text for key, _ in node.pairs or ()}
    keys = _MEANING_KEYS if "numbers" in named else _WORD_KEYS
    for key, _ in node.pairs or ():
        if key.text not in keys:
            raise MistakeError(f"There is no {quoted(key.text or '')} in a model. {_AGAIN}", key.start)
    if missing := [key for key in keys if key not in named]:
        raise MistakeError(f"A model has {listed(f'`{key}`' for key in missing)}, too. {_AGAIN}", node.start)
    if keys is _MEANING_KEYS:
        return MeaningModel(_text(node, "model"), _numbers(node), _number(node, "threshold", 2 * WHOLE))
    return _word_model(node)


def _word_model(node: Node) -> WordModel:
    titles, weights = node.get("titles"), node.get("weights")
    if titles is None or titles.items is None or len(titles.items) > MOST_EXAMPLES:
        raise MistakeError(f"`titles` is a list of at most {MOST_EXAMPLES}. {_AGAIN}", (titles or node).start)
    if any(one.text is None or len(one.text) > _LONGEST_TITLE for one in titles.items):
        raise MistakeError(f"`titles` are those of papers, each on a line. {_AGAIN}", titles.start)
    found: dict[str, int] = {}
    place = (weights or node).start
    for pair in _text(node, "weights").split():
        term, _, weight = pair.rpartition("=")
        if not term or len(term) > _LONGEST_TERM or term in found or not _WHOLE_NUMBER.fullmatch(weight):
            raise MistakeError(f"{quoted(pair)} is no `word=weight`. {_AGAIN}", place)
        found[term] = int(weight)
    if not 0 < len(found) <= MOST_TERMS or not all(found.values()):
        raise MistakeError(f"A model has up to {MOST_TERMS} words with weights from 1 on. {_AGAIN}", place)
    try:
        return WordModel.of(
            found,
            _number(node, "threshold", 2 * LARGEST_SUM),
            table=_text(node, "table"),
            titles=[one.text or "" for one in titles.items],
        )
    except ValueError as error:
        raise MistakeError(f"These weights are too large. {_AGAIN}", place) from error


def _numbers(node: Node) -> bytes:
    try:
        numbers = b64decode("".join(_text(node, "numbers").split()), validate=True)
    except ValueError as error:
        raise MistakeError(f"`numbers` is not in Base64. {_AGAIN}", node.start) from error
    if not 0 < len(numbers) <= _MOST_NUMBERS:
        raise MistakeError(f"`numbers` has {len(numbers)} of them. {_AGAIN}", node.start)
    return numbers


def _number(node: Node, key: str, largest: int) -> int:
    text = _text(node, key)
    if not _WHOLE_NUMBER.fullmatch(text) or not 0 < int(text) <= largest:
        raise MistakeError(f"`{key}` is a number from 1 to {largest}. {_AGAIN}", node.start)
    return int(text)


def _text(node: Node, key: str) -> str:
    value = node.get(key)
    if value is None or value.text is None:
        raise MistakeError(f"`{key}` is one value. {_AGAIN}", node.start)
    return value.text
