"""One name for all inflections of a word, another for every other word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.inflections import beginnings, stem

SAME = """
agent agents; train trains trained training; reason reasons reasoned reasoning; learn learns learned learnt learning;
embed embeds embedded embedding embeddings; model models modeled modelled modeling modelling; matrix matrices;
analysis analyses; hypothesis hypotheses; index indices indexes indexed; cache caches cached caching;
use uses used using; base bases based; plan plans planned planning; plane planes; query queries queried querying;
control controlled controlling; quantize quantized quantizing quantised quantising;
optimization optimisation optimizations; noise noises; bias biases biased; color colour colours coloured;
center centre centred centers; llm llms; gan gans; loss losses; class classes; box boxes; queue queues queued;
distill distil distilled distilling; size sizes sized; write writes wrote written writing;
supervise supervised supervising; analyze analyse analysed analyzing; criterion criteria; agree agreed agrees; series;
suite suites; paste pasted; fill filled filling; map mapped mapping; rate rates rated rating;
behavior behaviour behaviors
"""
OTHER = """
reasoning reasonable; animation animal animate; interpretability interpretive interpret;
generation generative generate; diffusion diffuse; distillation distill; university universe universal;
computation computer compute; quantization quantize; plan plane; past paste; rational rationale; local locale;
setting set; string ring; us use; one on; need ned; speed sped; severe sever; suit suite; general generate;
organ organize; news new; physics physical; learner learning; higher high; evaluation evaluate; noise denoise;
precise precision; embed bed; status state; turing ture; unit unite
"""


@pytest.mark.parametrize("forms", [group.split() for group in SAME.split(";")], ids=" ".join)
def test_inflections_have_one_name(forms: list[str]) -> None:
    assert len(set(map(stem, forms))) == 1, dict(zip(forms, map(stem, forms), strict=True))


@pytest.mark.parametrize("words", [group.split() for group in OTHER.split(";")], ids=" ".join)
def test_other_words_have_other_names(words: list[str]) -> None:
    assert len(set(map(stem, words))) == len(words), dict(zip(words, map(stem, words), strict=True))


@pytest.mark.parametrize("word", ["", "s", "gps", "gpt4", "日本語", "οδοσ", "2024s", "ed", "ing", "eed", "sing"])
def test_what_has_no_ending_is_its_own_name(word: str) -> None:
    assert stem(word) == word


@given(st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1))
def test_every_word_has_a_name_and_begins_as_it_says(word: str) -> None:
    assert stem(word)
    assert word.startswith(beginnings(stem(word)))
