"""How text becomes words."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tantivy import Document, Filter, Index, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

from bot.text.words import normalized, terms, words

FORMS = (
    "Agents",
    "agentic",
    "quantization",
    "quantized",
    "universal",
    "universities",
    "dying",
    "news",
    "skis",
    "y",
    "S",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Schrödinger İstanbul Straße", ["schrodinger", "istanbul", "strasse"]),
        ("Scho\u0308n nai\u0308ve", ["schon", "naive"]),
        ("ﬁne 𝐀tom x²", ["fine", "atom", "x2"]),
        ("fine-tuning GPT-4, C++; don't snake_case", ["fine", "tuning", "gpt", "4", "c", "don", "t", "snake", "case"]),
        ("日本語 Ωμέγα", ["日本語", "ωμεγα"]),
        ("ΟΔΟΣ οδός Ёлка елка", ["οδοσ", "οδοσ", "елка", "елка"]),
        ("x\u0304y q\u0303-learning", ["xy", "q", "learning"]),  # accents that no character has built in
        ("dif\u00adfusion a\u200db 1\ufe0f\u20e3", ["diffusion", "ab", "1"]),
        ("ガラス ｶﾞﾗｽ カラス 한국어", ["ガラス", "ガラス", "カラス", "한국어"]),
        ("น้ำ हिन्दी", ["นํา", "हिनदी"]),  # signs that are no letters take no word apart
        ("\ud800 — …", []),
    ],
)
def test_words_are_folded_runs_of_letters_and_digits(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_terms_are_stemmed_words() -> None:
    assert terms("Agents' quantized matrices") == terms("agent quantizing matrix") == ["agent", "quantiz", "matrix"]


def test_an_endless_word_is_cut_and_not_lost() -> None:
    assert words("a" * 25_000) == ["a" * 10_000, "a" * 10_000, "a" * 5_000]


@given(st.text())
def test_every_word_has_its_term(text: str) -> None:
    assert len(words(text)) == len(terms(text))
    assert "" not in words(text) + terms(text)


@given(st.text())
def test_composed_and_decomposed_text_is_the_same(text: str) -> None:
    assert words(normalized(text)) == words(text)


@given(st.text())
def test_words_are_words_of_themselves(text: str) -> None:
    once = words(text)
    assert words(" ".join(once)) == once
    assert [term for word in once for term in terms(word)] == terms(text)


@given(st.text(st.characters(max_codepoint=127)) | st.lists(st.sampled_from(FORMS)).map(" ".join))
def test_plain_text_has_the_words_of_the_engine(text: str) -> None:
    folding = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.ascii_fold()).filter(Filter.lowercase()).build()
    assert words(text) == folding.analyze(normalized(text))


@given(st.text())
def test_case_never_matters(text: str) -> None:
    assert words(text.upper()) == words(text.lower()) == words(text)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@given(text=st.text())
@example(text="0\b¹")
def test_every_form_of_unicode_has_the_same_words(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> None:
    assert words(unicodedata.normalize(form, text)) == words(text)


def test_rare_capitals_fold_like_their_small_letters() -> None:
    assert words("Ʀ Ɡ") == words("ʀ ɡ") == words(" ".join(words("Ʀ Ɡ")))


def test_an_index_stores_exactly_these_words() -> None:
    text = "Schrödinger's ﬁne-tuned agents, 日本語 " + "a" * 25_000
    builder = SchemaBuilder()
    builder.add_text_field("words", tokenizer_name="whitespace")
    builder.add_text_field("terms", tokenizer_name="whitespace")
    index = Index(builder.build())
    writer = index.writer(15_000_000, 1)
    writer.add_document(Document(words=[" ".join(words(text))], terms=[" ".join(terms(text))]))
    writer.commit()
    index.reload()
    searcher = index.searcher()
    assert {term for term, _ in searcher.terms_with_prefix("words", "")} == set(words(text))
    assert {term for term, _ in searcher.terms_with_prefix("terms", "")} == set(terms(text))


def test_many_threads_may_ask_at_once() -> None:
    texts = [f"word{number} " * 200 for number in range(50)] * 4
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(words, texts)) == [text.split() for text in texts]
