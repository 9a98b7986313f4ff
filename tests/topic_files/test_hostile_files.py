"""Hostile files are refused with a sentence, in bounded time and memory, and whatever is written is read again."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.topic_files.document import Mistakes, read_document
from bot.topic_files.nodes import LARGEST_FILE, MistakeError, tree_of
from bot.topic_files.writing import scalar

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)
HOSTILE = {
    "a bomb of aliases": (BOMB, "not read here"),
    "merged keys": ("x: &x {a: 1}\nchannels:\n- <<: *x", "not read here"),
    "an object": ("channels: !!python/object/apply:os.system [ls]", "Types"),
    "lists in lists": ("[" * 100_000, "deep"),
    "mappings in mappings": ("{a: " * 100_000, "deep"),
    "lists on lines": ("- " * 100_000, "deep"),
    "a key that is a list": ("? [a]\n: b", "has to be text"),
    "a key twice": ("channels: []\nchannels: []", "there twice"),
    "two documents": ("channels: []\n---\nchannels: []", "one document"),
    "no characters": ("channels: \x00", "control characters"),
    "half a pair": ("channels: \udcff", "UTF-8"),
    "too much": ("#" * (LARGEST_FILE + 1), "million characters"),
    "quotes that never end": ("channels: 'x", "no YAML"),
    "a tab": ("channels:\n\t- channel: x", "no YAML"),
    "words": ("just words", "`version:` and `channels:`"),
    "a list": ("- channel: web/general", "`version:` and `channels:`"),
    "another version": ("version: 2\nchannels: []", "version 1"),
    "a mapping of channels": ("channels: {a: b}", "is a list"),
    "no address": ("channels: [{schedule: hourly}]", "needs its address"),
    "an address in parts": ("channels: [{channel: [a]}]", "one value"),
    "a query that is nothing": ("channels: [{channel: a, topics: [{query: ~}]}]", "needs its query"),
    "very many keys": ("channels: [{channel: a, " + ", ".join(f"k{n}: 1" for n in range(20_000)) + "}]", "no `k0`"),
    "a long value": (f"channels: [{{channel: {'x' * 5000}}}]", "2000 is the most"),
    "very many topics": ("channels: [{channel: a, topics: [" + "{query: x}," * 101 + "]}]", "at most 100"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_with_a_sentence_and_a_place(what: str) -> None:
    text, part = HOSTILE[what]
    mistakes = Mistakes()
    read_document("f", text, mistakes)
    (_, mistake), *_ = mistakes.found
    assert part in str(mistake) or (part == "deep" and "depth" in str(mistake))
    assert mistake.place.line >= 1
    assert mistake.place.column >= 1


@given(st.text(st.sampled_from("- :[]{},&*!|>'\"#%@`\n\t ?ab1~\\channelsopicqury.\ufeff\u2028é😀"), max_size=200))
def test_nothing_but_mistakes_comes_of_any_text(text: str) -> None:
    mistakes = Mistakes()
    read_document("f", text, mistakes)
    for _, mistake in mistakes.found:
        assert 1 <= mistake.place.line <= len(text) + 1
        assert str(mistake)


@given(
    st.text(max_size=120).filter(lambda text: max(text, default="a") < "\ud800" or max(text, default="a") > "\udfff")
)
def test_what_is_written_is_read_again_here_and_elsewhere(text: str) -> None:
    if "\n" in text or "\r" in text:
        return
    lines = f"a:\n- b: {scalar(text)}  # comment\n  c: d\n"
    try:
        tree = tree_of(lines)
    except MistakeError:
        assert not yaml.reader.Reader.NON_PRINTABLE.search(text), "what YAML can hold at all"
        raise
    assert tree is not None
    (entry,) = (tree.pairs or [])[0][1].items or []
    assert [(key.text, value.text) for key, value in entry.pairs or []] == [("b", text), ("c", "d")]
    assert yaml.safe_load(lines) == {"a": [{"b": text, "c": "d"}]}


@pytest.mark.parametrize("text", ["1e3", "-2.5E+10", "0o17", "1.", ".5", "12", "0x1f", "yes", "null", "2026-11-28"])
def test_no_reader_takes_a_text_for_anything_else(text: str) -> None:
    assert scalar(text) == f"'{text}'"
    assert scalar(f"{text} agents") == f"{text} agents"
