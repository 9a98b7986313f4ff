"""How text becomes words."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tantivy import Document, Filter, Index, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

from bot.text.words import as_written, normalized, terms, words

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
        (
            "fine-tuning GPT-4, C++; don't snake_case",
            ["fine", "tuning", "gpt", "4", "cplusplus", "don", "t", "snake", "case"],
        ),
        ("日本語 Ωμέγα", ["日", "本", "語", "ωμεγα"]),
        ("ΟΔΟΣ οδός Ёлка елка", ["οδοσ", "οδοσ", "елка", "елка"]),
        ("x\u0304y q\u0303-learning", ["xy", "q", "learning"]),  # accents that no character has built in
        ("dif\u00adfusion a\u200db 1\ufe0f\u20e3", ["diffusion", "ab", "1"]),
        ("ガラス ｶﾞﾗｽ カラス 한국어", list("ガラスガラスカラス한국어")),
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


FOUND = (
    ("扩散模型", "基于扩散模型的图像生成方法综述"),
    ("图像生成", "基于扩散模型的图像生成方法综述"),
    ("transformer", "基于Transformer的模型"),
    ("ディープラーニング", "ディープラーニングによる画像生成"),
    ("ﾃﾞｨｰﾌﾟ", "ディープラーニングによる画像生成"),
    ("모델", "확산 모델을 이용한 이미지 생성"),
    ("C++", "Learning C++ code"),
    ("c++", "Modern C++17 code"),
    ("C++", "SystemC/C++ models"),
    ("Ｃ＋＋", "(C++)"),
    ("cplusplus", "C++."),
    ("f#", "C#, F#"),
    (".NET", "the .NET platform"),
    ("dotnet", "on .Net"),
    ("A*", "an A* search"),
    ("R²", "an R^2 of 0.9"),
    ("R2", "R² of"),
    ("CO2", "CO₂"),
    ("β-VAE", "Beta-VAE"),
    ("beta-VAE", "β-VAE"),
    ("β VAE", "βVAE"),
    ("mu", "µ-law"),
    ("μ_0", "μˍ0"),
    ("mu_0", "μ₀"),
    ("mu0", "μ_0"),
    ("π0", "pi0"),
    ("pi-0", "π0.5"),
    ("delta t", "Δt"),
    ("∆", "delta"),
    ("phi", "ϕ"),
    ("sigma", "ς"),
    ("αλγόριθμος", "Ο αλγόριθμος"),
)
LEFT = (
    ("C++", "Vitamin C deficiency"),
    ("C#", "Vitamin C"),
    ("C", "Learning C++ code"),
    ("C#", "C++"),
    ("net", "the .NET platform"),
    (".NET", "a net"),
    ("模散", "扩散模型"),
    ("beta", "βγδ"),
    ("alpha", "alphabet"),
)


def found(query: str, text: str) -> bool:
    asked, row = terms(query), terms(text)
    return any(row[place : place + len(asked)] == asked for place in range(len(row) - len(asked) + 1))


@pytest.mark.parametrize(("query", "text"), FOUND)
def test_one_thing_is_found_however_it_is_written(query: str, text: str) -> None:
    assert found(query, text), (terms(query), terms(text))


@pytest.mark.parametrize(("query", "text"), LEFT)
def test_what_only_looks_alike_is_not_found(query: str, text: str) -> None:
    assert not found(query, text)


@pytest.mark.parametrize(
    "text",
    ["claim C#1", "FF++ data", "CK+ set", "x ++ y", "C+", "section #4", "i^j", "gpt_4", "asp.net", "e.g.net", "TCP/IP"],
)
def test_other_signs_separate(text: str) -> None:
    assert words(text) == "".join(char if char.isalnum() else " " for char in text.lower()).split()


@given(st.text("C+#.NETβμπΔˍ²^_-0 1a*模型モデ゙ハ゜모델İß", max_size=25))
def test_words_in_a_row_are_written_so_that_they_are_the_same_words(text: str) -> None:
    row = words(text)
    for _ in range(3):
        row = words(" ".join(row))
    assert words(as_written(row)) == row


def test_words_are_written_as_people_do() -> None:
    assert as_written(words("C++ 基于 Transformer 的模型 and A* on .net in c#")) == (
        "C++基于transformer的模型and A* on .NET in C#"
    )
