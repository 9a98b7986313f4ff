"""Text as TeX for BibTeX: what a source wrote so, where that is sound, else Unicode in commands that pdflatex has."""

from __future__ import annotations

import re
from typing import Final

from bot.text.tex.symbols import (
    DOUBLE_STRUCK,
    FUNCTIONS,
    GREEK,
    LETTER_ACCENTS,
    LETTERS,
    MATH_ACCENTS,
    RELATIONS,
    SUBSCRIPTS,
    SUPERSCRIPTS,
)

#: Characters that mean something to TeX. https://ctan.org/pkg/comprehensive
#: Braces by name: BibTeX counts them whatever stands in front.
_ESCAPES: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "…": r"\ldots{}",
}
#: Not used to write a sign: letters of words (`ı`), what needs packages beyond those of AMS, ASCII in disguise.
_LEFT_OUT: Final = frozenset(["imath", "jmath", "textmu", "upmu", "omicron", "colon", "coloneqq", "mid"])
#: What may stand in a title that is taken as its source wrote it: nothing that reads, writes or defines.
_DRESSES: Final = frozenset([
    "text", "textbf", "textit", "texttt", "textsc", "textsf", "textrm", "emph", "mathbf", "mathrm", "mathcal", "mathbb",
    "mathtt", "mathsf", "mathit", "mathfrak", "mathscr", "boldsymbol", "operatorname", "sqrt", "frac", "infty", "circ",
    "prime", "dagger", "ldots", "dots", "cdots", "langle", "rangle", "lfloor", "rfloor", "lceil", "rceil", "left",
    "right", "quad", "LaTeX", "TeX", "em", "bf", "it", "rm", "tt", "sc", "textendash", "textemdash", "S", "ensuremath",
    "textsuperscript", "textsubscript",
])  # fmt: skip
_KNOWN: Final = _DRESSES.union(FUNCTIONS, GREEK, RELATIONS, LETTERS, LETTER_ACCENTS, MATH_ACCENTS)
_KNOWN_SYMBOLS: Final = frozenset("'`^\"~=.%&_#$ ,;:!-/")
_COMMAND = re.compile(r"\\(?:(?P<name>[A-Za-z]+)|(?P<symbol>.))", re.DOTALL)

_SIGNS: Final = {
    sign: f"\\{name}"
    for name, sign in reversed([*GREEK.items(), *RELATIONS.items()])  # the first name of a sign is the usual one
    if len(sign) == 1 and not sign.isascii() and name not in _LEFT_OUT
} | {
    **{chr(double): f"\\mathbb{{{chr(plain)}}}" for plain, double in DOUBLE_STRUCK.items()},
    "∞": r"\infty",
    "∘": r"\circ",
    "′": r"\prime",
    "″": r"\prime\prime",
    "†": r"\dagger",
    "‡": r"\ddagger",
    "µ": r"\mu",
    "−": "-",
    "∅": r"\emptyset",
    "⊤": r"\top",
    "√": r"\surd",
    "⟨": r"\langle",
    "⟩": r"\rangle",
}
_SCRIPTS: Final = {
    sign: (kind, plain)
    for kind, signs in (("^", SUPERSCRIPTS), ("_", SUBSCRIPTS))
    for plain, sign in reversed(signs.items())
    if not sign.isascii() and sign not in "†‡"
}
_ACCENTS: Final = {mark: f"\\{name}" for name, mark in reversed(MATH_ACCENTS.items())}
_PIECE: Final = (
    f"(?P<base>[A-Za-z])(?P<accent>[{''.join(_ACCENTS)}])|(?P<sign>[{re.escape(''.join({*_SIGNS, *_SCRIPTS}))}])"
)
_FORMULA = re.compile(f"(?:{_PIECE})+".replace("?P<base>", "").replace("?P<accent>", "").replace("?P<sign>", ""))
_PIECES = re.compile(_PIECE)
_GREEK_WORD = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]{3}")


def tex_title(title: str, source: str) -> str:
    """A title in TeX: `source`, if there is one that can stand in a field, else `title`."""
    return source if source and is_sound(source) else tex(title)


def tex(text: str) -> str:
    """Unicode text in TeX: Greek letters, signs and scripts as formulas, what TeX would misread escaped.

    What pdflatex knows as it is (accents, quotes, dashes) stays, and so do other scripts, which need more than that.
    """
    if _GREEK_WORD.search(text):
        return escaped(text)
    written = []
    place = 0
    for formula in _FORMULA.finditer(text):
        written += [escaped(text[place : formula.start()]), f"${_formula(formula[0])}$"]
        place = formula.end()
    return "".join([*written, escaped(text[place:])])


def escaped(text: str) -> str:
    """`text` with what TeX would misread written so that it means itself."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def is_sound(source: str) -> bool:
    """Whether TeX from outside can stand in a field.

    It can when its braces come in pairs, its formulas end where they began, nothing but known commands is in it, and
    no sign that means something to TeX stands where it would be an error.
    """
    depth = 0
    formula: int | None = None  # how deep the formula began that is open
    place = 0
    while place < len(source):
        sign = source[place]
        place += 1
        if sign == "\\":
            command = _COMMAND.match(source, place - 1)
            if command is None or not (command["name"] in _KNOWN or command["symbol"] in _KNOWN_SYMBOLS):
                return False
            place = command.end()
        elif sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth < (formula or 0):
                return False
        elif sign == "$":
            if formula not in (None, depth) or source.startswith("$", place):
                return False
            formula = depth if formula is None else None
        elif sign in "%#&" or sign in _SIGNS or sign in _SCRIPTS or (formula is None and sign in "^_"):
            return False
    return depth == 0 and formula is None


def _formula(signs: str) -> str:
    """`β₁²` as `\\beta_{1}^{2}`: a script goes on while its characters are of one kind."""
    written = []
    kind, kinds = "", ""
    for piece in _PIECES.finditer(signs):
        if piece["base"]:
            script, content = "", f"{_ACCENTS[piece['accent']]}{{{piece['base']}}}"
        else:
            script, plain = _SCRIPTS.get(piece["sign"], ("", piece["sign"]))
            content = _SIGNS.get(plain, plain)
        if kind and script != kind:
            written.append("}")
        if script and script != kind:
            written += ["{}" if script in kinds else "", script, "{"]
            kinds = script if script in kinds else kinds + script
        if not script:
            kinds = ""
        kind = script
        written.append(f"{content} " if re.search(r"\\[A-Za-z]+$", content) else content)
    return re.sub(r" +(?=[_^}]|$)", "", "".join(written) + ("}" if kind else ""))
