"""HTML goes out of titles and abstracts, and what only looks like it stays."""

from __future__ import annotations

import pytest

from bot.text.markup import without_markup

SAME = [
    "a < b and c > d",
    "p<0.05",
    "if a<b then b>c",
    "x <i> y",
    "<B> is a mean",
    "<think>…</think>",
    "emit <SEG> and <EOS>",
    "<person, action, object>",
    "AT&T",
    "R&D; more",
    "?a=1&copy=2",
    "x&parameter",
    "&;",
    "&#;",
    "&foo;",
    "i<p and p>j",
    "<https://a.org/b>",
    "<0.001). But (p>",
    "a <- b -> c",
    "L<i & i>0",
    "<k> and <n>",
    "List<a> of",
]


@pytest.mark.parametrize("text", SAME)
def test_what_is_no_html_stays(text: str) -> None:
    assert without_markup(text) == text


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("AT&amp;T and p &lt; 0.05", "AT&T and p < 0.05"),
        ("6.2% &#177; 2.8%", "6.2% ± 2.8%"),
        ("p &amp;lt; 0.05", "p < 0.05"),
        ("p &amp;amp;lt; 1", "p < 1"),
        ("<p>We show</p><p>more</p>", " We show  more "),
        ("an <i>E. coli</i> strain", "an E. coli strain"),
        ("&lt;i&gt;x&lt;/i&gt;", "x"),
        ("CO<sub>2</sub> and 10<sup>-3</sup>", "CO₂ and 10⁻³"),
        ("a<br/>b<BR>c", "a b c"),
        ('<a href="https://x.org/">here</a>', "here"),
        ("<jats:p>We <jats:italic>do</jats:italic></jats:p>", " We do "),
        ("<p>Abstract: x", " Abstract: x"),
        ("&mu;-VAE", "μ-VAE"),
        ("AT\\&amp;T", "AT\\&T"),
        ("&nbsp;x", "\xa0x"),
        ("&#x1D5D4;", "𝗔"),
    ],
)
def test_html_goes(text: str, right: str) -> None:
    assert without_markup(text) == right


@pytest.mark.parametrize(
    "evil",
    [
        *("<p", "<a x=1 ", "&", "&amp;", "<i>", "<sub>", "<!--", "<sub>x</sub>", "<p>", "</p>", "<a x='", "&#1", "<p "),
        *("&amp;amp;", "<a " + "x=1 " * 9, "<img src=x>", "<sup></sub>"),
    ],
)
def test_hostile_text_takes_time_linear_in_it(evil: str) -> None:
    text = evil * (400_000 // len(evil))  # were it quadratic, this would take hours
    assert len(without_markup(text)) <= len(text)
