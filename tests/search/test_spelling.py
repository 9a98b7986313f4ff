"""What a misspelt word may have been meant to be."""

from __future__ import annotations

from storage.search.spelling import nearest_words

_WORDS = [("this", 4000), ("thing", 600), ("diffusion", 900), ("diffusive", 20)]


def _known(beginning: str) -> list[tuple[str, int]]:
    return [entry for entry in _WORDS if entry[0].startswith(beginning)]


def test_the_nearest_word_that_many_papers_have_is_offered() -> None:
    assert nearest_words("difusion", 0, _known) == ["diffusion"]


def test_a_word_that_enough_papers_have_is_meant_as_it_is_written() -> None:
    assert nearest_words("difusion", 11, _known) == []


def test_words_of_grammar_are_not_offered() -> None:
    assert nearest_words("thiss", 0, lambda _: [("this", 4000)]) == []
    assert nearest_words("thingg", 0, _known) == ["thing"]
