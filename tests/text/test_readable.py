"""TeX habits in titles, names and abstracts become text that reads well, whatever else is in them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.text.readable import readable

# How much longer a text may become: one character comes apart into three at most, as does a short command.
GROWTH = 3


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("", ""),
        ("  Attention\n  is all\tyou need ", "Attention is all you need"),
        ("Plain titles with snake_case, C++ & 100% stay", "Plain titles with snake_case, C++ & 100% stay"),
        # Formulas
        ("Sorting in $O(n \\log n)$ time", "Sorting in O(n log n) time"),
        ("$O(n^2)$ and $2^{-k}$", "O(n²) and 2⁻ᵏ"),
        ("$x_i \\in \\mathbb{R}^d$", "xᵢ ∈ ℝᵈ"),
        ("$\\alpha$-fair and $\\beta_{1}$", "α-fair and β₁"),
        ("$\\epsilon$-greedy, $\\Delta x$", "ε-greedy, Δx"),
        ("$\\frac{1}{2}$ of $\\sqrt{n}$ and $\\frac{a+b}{c}$", "1/2 of √n and (a+b)/c"),
        ("A $20^{th}$ and a 20$^{th}$ century", "A 20th and a 20th century"),
        ("$256\\times256$ pixels, 10$\\times$ faster", "256×256 pixels, 10× faster"),
        ("$\\sim$10 and $\\geq 3$ and $37^\\circ$C", "∼10 and ≥3 and 37°C"),
        ("\\(a+b\\) and $$E=mc^2$$", "a+b and E=mc²"),
        ("$\\text{SE}(3)$-equivariant, $\\mathrm{SO}(3)$", "SE(3)-equivariant, SO(3)"),
        ("$\\hat{x}$ and $\\tilde O(n)$", "x̂ and Õ(n)"),
        ("$x^{long script}$", "x^(long script)"),
        ("the 2^{128} states", "the 2¹²⁸ states"),
        ("256times256 and 3times faster", "256×256 and 3× faster"),
        # Not formulas
        ("from $5 to $10 a month", "from $5 to $10 a month"),
        ("A \\$100 budget", "A $100 budget"),
        ("Only $5", "Only $5"),
        # Accents and letters
        ('Schr\\"odinger and Schr\\"{o}dinger', "Schrödinger and Schrödinger"),
        ("Erd\\H{o}s, Poincar\\'e, Ho\\v{r}ava, Fran\\c{c}ois", "Erdős, Poincaré, Hořava, François"),
        ('\\O{}ystein, {\\L}ukasz, Stra\\ss e, na{\\"\\i}ve', "Øystein, Łukasz, Straße, naïve"),
        ("we don\\'t", "we don't"),
        # Typography
        ("``mixture'' of experts", "“mixture” of experts"),
        ("pages 3--7 --- or so", "pages 3–7 — or so"),
        ("Figure~3 and~others", "Figure 3 and others"),
        ("~10 people", "~10 people"),
        # Commands
        ("\\textbf{Bold} {\\em and} \\emph{new}", "Bold and new"),
        ("as shown \\cite{doe2020}, we", "as shown, we"),
        ("by~\\citep[p.~3]{doe} us", "by us"),
        ("by \\citep[see][p.~3]{doe}, us", "by, us"),
        ("\\href{https://example.org/a_b}{our page}", "our page"),
        ("\\url{https://example.org/~a_b}", "https://example.org/~a_b"),
        ("see https://example.org/a_b^c~d and $x^2$", "see https://example.org/a_b^c~d and x²"),
        ("\\MyModel{}: a model", "MyModel: a model"),
        ("50\\% of R\\&D in \\#1", "50% of R&D in #1"),
        ('splits at "\\n\\n"', 'splits at "\\n\\n"'),
        ("a {template} for {json: 1}", "a {template} for {json: 1}"),
        # Nothing invisible gets in, by itself or spelled
        ("a\u202eb\u200bc\x00d", "abcd"),
        ("$\u200bx^2$", "x²"),
        ('\\unicode{x202E}a \\u202eb \\char"202E c', "a b c"),
        ("\\unicode{x3164}blank", "blank"),
        ("\\unicode{x1F600} \\unicode{x110000} \\unicode{xD800}", "😀"),
    ],
)
def test_what_is_read(raw: str, read: str) -> None:
    assert readable(raw) == read


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("$", "$"),
        ("$$", "$$"),
        ("$$$", "$$$"),
        ("\\", "\\"),
        ("{", "{"),
        ("a } b", "a } b"),
        ("$x^{2", "$x²"),
        ("\\textbf{never closed", "never closed"),
        ("\\frac", "frac"),
        ("$\\frac$", "/"),
        ("$\\sqrt", "$sqrt"),
        ("\\cite{", ""),
        ("\\(x", "x"),
    ],
)
def test_what_is_not_closed_is_shown_with_few_marks(raw: str, read: str) -> None:
    assert readable(raw) == read


PIECES = (
    *("$", "$$", "\\(", "\\)", "\\[", "\\]", "{", "}", "[", "]", "^", "_", "~", "&", "``", "''", "--", "'", " ", "\n"),
    *("\\", "\\\\", "\\$", "\\'", '\\"', "\\c", "\\c{c}", "\\u", "\\u202e", "\\frac", "\\sqrt", "\\binom", "\\hat"),
    *("\\alpha", "\\log", "\\in", "\\left.", "\\right)", "\\text", "\\textbf", "\\mathbb", "\\cite", "\\href", "\\url"),
    *("\\footnote", "\\unicode{x202E}", "\\unicode{x301}", '\\char"3164', "\\ding{51}", "\\verb|x|", "\\enquote"),
    *("\\not", "\\pmod", "\\iid", "\\wrt", "\\and", "\\mycommand", "https://a.b/c_d", "times", "9", "x", "th", "word"),
    *("é", "e\u0301", "\u202e", "\u200b", "\ud800", "\x00", "\U0001d160", "漢字", "😀", "\u0301"),
)
hostile = st.one_of(st.text(max_size=50), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))


@settings(deadline=None, max_examples=400)
@given(hostile)
@example("\U0001d160" * 3)
@example("\\binom 9 9")
def test_any_text_becomes_one_harmless_line_that_is_not_much_longer(raw: str) -> None:
    read = readable(raw)
    assert len(read) <= GROWTH * len(raw)
    assert read == " ".join(read.split())
    assert unicodedata.is_normalized("NFC", read)
    assert not [character for character in read if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [character for character in read if unicodedata.bidirectional(character) in BIDIRECTIONAL_CONTROLS]
    assert not set(read) & set("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad\u034f\u115f\u3164")


BIDIRECTIONAL_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@settings(deadline=None)
@given(st.lists(st.text("abcdefgh ABC,.:;!?()é漢"), max_size=8).map(" ".join))
def test_text_without_tex_changes_in_its_white_space_only(raw: str) -> None:
    assert readable(raw) == " ".join(raw.split())


@settings(deadline=None)
@given(st.text("abcxyz0123456789+=", min_size=1, max_size=20))
def test_a_simple_formula_leaves_no_dollar(inner: str) -> None:
    assert readable(f"On ${inner}\\alpha$ and more") == f"On {inner}α and more"


# A step that looks back or ahead for each of them would take minutes with so many.
@pytest.mark.parametrize(
    "piece", [*(piece for piece in PIECES if piece.strip()), "\\ ", "$x$", "{}^{th}", "\\(\\text{"]
)
def test_a_long_hostile_text_is_read_to_its_end(piece: str) -> None:
    raw = f"begin{piece * (100_000 // len(piece))} \\end end"
    read = readable(raw)
    assert read.startswith("begi")
    assert len(read) <= GROWTH * len(raw)


@pytest.mark.parametrize(
    "opening", ["{", "\\textbf{", "$x^{", "\\frac{", "\\sqrt\\sqrt", "\\(\\text{", "^{_{", "\\footnote{"]
)
def test_deep_nesting_keeps_what_is_inside(opening: str) -> None:
    assert "core" in readable("a" + opening * 20_000 + "core" + "}" * 20_000)
