"""Snippets: the part of an abstract that shows best why a paper was found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.messages.message import Span
from bot.text.inflections import beginnings as beginnings_of
from bot.text.words import folded, stemmed, words

LENGTH: Final = 200  # characters, about three lines of a chat
_BEFORE: Final = 60  # of them at most before the first of the words, where no sentence begins

_WORD: Final = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f\u00ad\u200d])*")
_SENTENCE: Final = re.compile(r"[.!?]\s+(?=\S)")

_Place = tuple[int, int, str]
"""Where a word that is shown begins and ends, and its term."""


@dataclass(frozen=True, slots=True)
class ShownWords:
    """The words that are worth showing in an abstract: terms, and words and beginnings of words as they are written."""

    terms: frozenset[str]
    starts: tuple[str, ...]
    exact: frozenset[str] = frozenset()

    def snippets(self, texts: Iterable[str]) -> Iterator[tuple[Span, ...]]:
        """The part of each text that has most of the words, those in bold; empty where none of them is."""
        # Only words that begin as one that is shown does are looked at, which are few.
        beginnings = {f" {start}" for term in self.terms for start in beginnings_of(term)}
        beginnings |= {f" {start}" for start in (*self.starts, *self.exact)}
        for text in texts:
            places = self._places(folded(text), beginnings) if text.isascii() else self._foreign_places(text)
            yield _cut(text, places) if places else ()

    def _places(self, row: str, beginnings: Collection[str]) -> list[_Place]:
        """Where the words are in a folded text, in their order."""
        row = f" {row} "  # so every word is between spaces, its first one where the word is in the text
        places = set()
        for beginning in beginnings:
            place = row.find(beginning)
            while place >= 0:
                end = row.index(" ", place + 1)
                word = row[place + 1 : end]
                (term,) = stemmed((word,))
                if self._is_shown(word, term):
                    places.add((place, end - 1, term))
                place = row.find(beginning, end)
        return sorted(places)

    def _foreign_places(self, text: str) -> list[_Place]:
        """Where the words are in a text whose letters folding takes from their places."""
        found = [(*match.span(), match[0].lower()) for match in _WORD.finditer(text)]
        rows = [[word] if word.isascii() else words(word) for _, _, word in found]
        shown = dict(self._shown({word for row in rows for word in row}))
        return [
            (start, end, next(shown[word] for word in row if word in shown))
            for (start, end, _), row in zip(found, rows, strict=True)
            if not shown.keys().isdisjoint(row)
        ]

    def _shown(self, written: Collection[str]) -> Iterator[tuple[str, str]]:
        """Those of the words that are worth showing, with their terms."""
        for word, term in zip(written, stemmed(written), strict=True):
            if self._is_shown(word, term):
                yield word, term

    def _is_shown(self, word: str, term: str) -> bool:
        return term in self.terms or word in self.exact or (bool(self.starts) and word.startswith(self.starts))


def _cut(text: str, places: Sequence[_Place]) -> tuple[Span, ...]:
    start, end = _window(text, places)
    spans = []
    done = start
    for first, last, _ in places:
        if start <= first and last <= end:
            if done < first:
                spans.append(Span(text[done:first]))
            spans.append(Span(text[first:last], bold=True))
            done = last
    if done < end:
        spans.append(Span(text[done:end]))
    return tuple(spans)


def _window(text: str, places: Sequence[_Place]) -> tuple[int, int]:
    """Where to cut: around the most different words, then the most words, then the first."""
    if len(text) <= LENGTH:
        return 0, len(text)
    first, last = _best(places)
    # What is left of the room goes before, to where the sentence begins or nearly so, and behind.
    earliest = max(first - max(LENGTH - (last - first), 0), 0)
    begun = [found.end() for found in _SENTENCE.finditer(text, earliest, first)]
    if earliest == 0:
        begun.insert(0, 0)
    start = begun[0] if begun else _word_from(text, max(earliest, first - _BEFORE), first)
    end = min(start + LENGTH, len(text))
    if end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        cut = text.rfind(" ", last, end)
        end = cut if cut > 0 else max(last, start + 1)
    return start, len(text[:end].rstrip()) if end > last else end


def _best(places: Sequence[_Place]) -> tuple[int, int]:
    """From where to where the most different words are together, then the most words; the first such part."""
    most = (0, 0)
    best = places[0][:2]
    inside: dict[str, int] = {}
    low = 0
    for high, (_, end, term) in enumerate(places):
        inside[term] = inside.get(term, 0) + 1
        while end - places[low][0] > LENGTH and low < high:
            gone = places[low][2]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            low += 1
        worth = len(inside), high - low
        if worth > most:
            most, best = worth, (places[low][0], end)
    return best


def _word_from(text: str, earliest: int, latest: int) -> int:
    space = text.find(" ", earliest, latest)
    return space + 1 if space >= 0 else latest
