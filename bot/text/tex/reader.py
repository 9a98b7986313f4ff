"""Reading TeX habits as one stream of pieces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from bot.text.tex.formulas import LONGEST_FORMULA, accent, factor, is_formula, printable, script
from bot.text.tex.pieces import Pieces
from bot.text.tex.running_text import is_tex_group, typography
from bot.text.tex.symbols import (
    DECLARATIONS,
    DELIMITER_SIZES,
    DINGBATS,
    DOUBLE_STRUCK,
    DROPPED_SYMBOLS,
    FUNCTIONS,
    GREEK,
    LETTER_ACCENTS,
    LETTERS,
    LITERAL_SYMBOLS,
    MATH_ACCENTS,
    RELATIONS,
    SECOND_ARGUMENT,
    SIGNS,
    SPACE_SYMBOLS,
    SYMBOL_ACCENTS,
    TORN_GREEK,
    WITHOUT_ARGUMENT,
)

_MAX_DEPTH = 40  # groups inside groups; deeper braces are dropped, their content stays

_HABIT = re.compile(r"[\\$~{]|``|''|--|\dtimes(?![a-z])")
# The Daily Papers feed drops `\` and `$`, which leaves `256times256` and `2^{128}` behind.
_BARE_TIMES = re.compile(r"(?<=\d)times(?![A-Za-z])")
_CODE_POINT = re.compile(r"x([0-9A-Fa-f]{1,6})")
_QUOTED_CODE_POINT = re.compile(r'"([0-9A-Fa-f]{2,6})')
_JSON_CODE_POINT = re.compile(r"[0-9A-Fa-f]{4}")
_ENGLISH_ENDING = re.compile(r"(?:s|t|d|m|re|ve|ll)\b")
_LOOSE_SPACE = re.compile(r" ([,.;:)\]](?: |$))")
_HALF_QUOTED = re.compile(r'“([^“”"]{1,200})"')


def plain_text(source: str) -> str:
    """`source`, in which white space is single spaces, with its TeX habits turned into Unicode text.

    Text that shows none of them comes back as it is.
    """
    if _HABIT.search(source) is None:
        return source
    source = _BARE_TIMES.sub("×", source)
    reader = _Reader(source)
    text = " ".join(reader.text().split())
    if reader.dropped_something:
        text = _LOOSE_SPACE.sub(r"\1", text)
    if "``" in source:
        text = _HALF_QUOTED.sub(r"“\1”", text)
    return text


class _Reader(Pieces):
    """Reads pieces once, left to right. Every method leaves `at` behind what it has read."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.depth = 0
        self.dropped_something = False
        # Braces in a text without any command are as likely a template or a set: those stay.
        self.braces_are_tex = "\\" in source

    # ---- the two modes

    def text(self, *, in_group: bool = False) -> str:
        """Running text up to the end, or up to the brace that closes the group."""
        out: list[str] = []
        while self.at < self.end:
            piece = self.pieces[self.at]
            if piece == "}":
                self.at += 1
                if in_group:
                    break
                if not self.braces_are_tex:
                    out.append(piece)
            elif piece == "{":
                out.append(self._text_brace(out))
            elif piece == "$":
                out.append(self._dollar())
            elif piece[0] == "\\" and len(piece) > 1:
                self.at += 1
                out.append(self._command(piece[1:], out, self.text))
            elif piece in ("^", "_"):
                self.at += 1
                is_script = self.peek() == "{" and out and not out[-1].endswith(" ")
                out.append(script(piece, self._group(self.math), out) if is_script else piece)
            else:
                self.at += 1
                out.append(typography(piece, out[-1] if out else "", self.peek()))
        return "".join(out)

    def math(self, *, in_group: bool = False) -> str:
        """A formula up to the end of its span, or up to the brace that closes the group."""
        out: list[str] = []
        while self.at < self.end:
            piece = self.pieces[self.at]
            if piece == "}" and in_group:
                self.at += 1
                break
            if piece == "{":
                out.append(self._group(self.math))
            elif piece[0] == "\\" and len(piece) > 1:
                self.at += 1
                out.append(self._command(piece[1:], out, self.math))
            elif piece in ("^", "_"):
                self.at += 1
                out.append(script(piece, self._argument(self.math), out))
            else:
                self.at += 1
                out.append({"'": "′", "''": "″", "~": " ", "&": " ", "$": "", "}": ""}.get(piece, piece))
        return "".join(out)

    # ---- pieces of running text

    def _text_brace(self, out: list[str]) -> str:
        if self.braces_are_tex or is_tex_group(out[-1] if out else "", *map(self.peek, (1, 2, 3))):
            content = self._group(self.text)
            return {"times": "×", "sim": "∼", "deg": "°", "pm": "±"}.get(content, content)
        self.at += 1
        return "{"

    def _dollar(self) -> str:
        """A formula, or the sign itself where it means money."""
        opener = self.at
        width = 2 if self.peek(1) == "$" else 1
        self.at += width
        closer = self.find("$", LONGEST_FORMULA)
        if closer is not None:
            inner = "".join(self.pieces[self.at : closer])
            after = self.pieces[closer + 1][:1] if closer + 1 < self.end else ""
            if is_formula(inner, after):
                return self._span(closer, width)
        self.at = opener + 1
        return "$"

    def _span(self, closer: int, width: int = 1) -> str:
        outer_end, self.end = self.end, closer
        formula = self.math().strip()
        self.end = outer_end
        self.at = closer + 1
        if width == 2 and self.peek() == "$":
            self.at += 1
        return formula

    # ---- commands

    def _command(self, name: str, out: list[str], mode: Callable[..., str]) -> str:
        if not name[0].isalpha():
            return self._symbol_command(name, out, mode)
        name = name.rstrip("*")
        in_math = mode == self.math
        if name in RELATIONS:
            if in_math and not (out and out[-1].endswith(" ")):
                self.skip_space()
            return RELATIONS[name]
        if name in GREEK:
            if in_math and self._clings():
                self.skip_space()
            return GREEK[name]
        if name in SIGNS:
            return self._sign(name, in_math)
        if name in LETTERS:
            self.skip_space()
            return LETTERS[name]
        if name in LETTER_ACCENTS or name == "t":
            return self._letter_accent(name, in_math)
        if name in DECLARATIONS:
            self.skip_space()
            return ""
        if in_math or name in MATH_ACCENTS:
            formula = self._math_command(name, out)
            if formula is not None:
                return formula
        if name in WITHOUT_ARGUMENT:
            return self._drop_argument(out)
        if name in SECOND_ARGUMENT:
            return self._second_argument()
        return self._other_command(name, mode)

    def _symbol_command(self, name: str, out: list[str], mode: Callable[..., str]) -> str:
        if name in "([" and mode == self.text:
            closer = self.find({"(": "\\)", "[": "\\]"}[name], LONGEST_FORMULA)
            if closer is not None:
                return self._span(closer)
        if name in LITERAL_SYMBOLS or name.isdigit():
            return name
        if name in SPACE_SYMBOLS:
            return " "
        if name == "|":
            return "‖"
        if name in SYMBOL_ACCENTS and mode == self.text:
            return self._symbol_accent(name, out)
        if name in DROPPED_SYMBOLS or mode == self.math:
            return self._discretionary_hyphen(out) if name == "-" and mode == self.text else ""
        return name

    def _discretionary_hyphen(self, out: list[str]) -> str:
        """`\\-` marks where a word may break. Authors also write it for the hyphen itself: `(DK)\\-based`."""
        return "" if out and out[-1][-1:].islower() and self.peek()[:1].islower() else "-"

    def _sign(self, name: str, in_math: bool) -> str:
        sign = SIGNS[name]
        following = self.peek()
        if name in DELIMITER_SIZES and following.startswith("."):
            self.leave(following[1:])  # `\right.` is a delimiter that is not there
        elif sign.endswith(".") and following.startswith("."):
            self.leave(following[1:])  # `\eg.` already ends in its full stop
        elif in_math and not sign:
            self.skip_space()
        return sign

    def _symbol_accent(self, name: str, out: list[str]) -> str:
        following = self.peek()
        if name == "'" and out and out[-1][-1:].isalpha() and _ENGLISH_ENDING.match(following):
            return "'"  # an apostrophe that somebody escaped: `don\'t`
        if following == "{":
            base = self._group(self.text)
        elif following[:1].isalpha():
            base = self.take_character()
        elif following in ("\\i", "\\j"):
            self.at += 1
            self.skip_space()
            base = following[1]
        else:
            return name
        accented = accent(base, SYMBOL_ACCENTS[name])
        return accented if accented != base else name + base

    def _letter_accent(self, name: str, in_math: bool) -> str:
        following = self.peek()
        if name == "u" and (found := _JSON_CODE_POINT.match(following)):
            self.leave(following[4:])
            return printable(int(found[0], 16))
        if following == "{":
            content = self._group(self.text)
            torn = TORN_GREEK.get((name, content))
            return torn or accent(content, LETTER_ACCENTS.get(name, ""))
        if name in LETTER_ACCENTS and following.startswith(" ") and following[1:2].isalpha():
            self.skip_space()
            accented = accent(following[1], LETTER_ACCENTS[name])
            if len(accented) > 1:
                return ""  # `\b geometric` is somebody's bold, not a letter with a bar below
            self.take_character()
            return accented
        return name if in_math else f"\\{name}"

    def _math_command(self, name: str, out: list[str]) -> str | None:
        """What a command means that only formulas have, None for any other."""
        if name in FUNCTIONS:
            before = out[-1][-1:] if out else ""
            following = self.peek()
            gap = " " if following[:1].isalnum() or (following[:1] == "\\" and following[1:] in GREEK) else ""
            return (" " if before.isalnum() or before == ")" else "") + name + gap
        if name in ("frac", "tfrac", "dfrac", "cfrac", "nicefrac"):
            top, bottom = (factor(self._argument(self.math)) for _ in range(2))
            fraction = f"{top}/{bottom}"
            return f"({fraction})" if out and (out[-1][-1:].isalnum() or out[-1][-1:] == ")") else fraction
        if name == "sqrt":
            root = {"3": "∛", "4": "∜"}.get(self.option(), "√")
            return root + factor(self._argument(self.math))
        if name in ("binom", "dbinom", "tbinom"):
            return f"({self._argument(self.math).strip()} choose {self._argument(self.math).strip()})"
        if name == "pmod":
            return f" (mod {self._argument(self.math).strip()})"
        if name == "mathbb":
            return self._argument(self.math).strip().translate(DOUBLE_STRUCK)
        if name in MATH_ACCENTS:
            return accent(self._argument(self.math).strip(), MATH_ACCENTS[name])
        if name == "not":
            crossed = self._argument(self.math)
            return unicodedata.normalize("NFC", crossed[:1] + "\u0338") + crossed[1:] if crossed else ""
        if name in ("text", "textrm", "mbox", "textnormal", "textit", "textbf", "texttt", "textsc", "textsf", "emph"):
            return self._argument(self.text)
        if name.startswith("math") or name in ("operatorname", "bm", "boldsymbol", "pmb"):
            return self._argument(self.math)
        return None

    def _drop_argument(self, out: list[str]) -> str:
        for _ in range(2):  # `\citep[see][p.~3]{key}`
            self.option()
        if self.peek() == "{":
            self.raw_group()
        self.dropped_something = True
        # “methods~\cite{x} that” keeps one of its two spaces.
        if out and out[-1].endswith(" "):
            self.skip_space()
        return ""

    def _second_argument(self) -> str:
        self.option()
        if self.peek() != "{":
            return ""
        first = self.raw_group()
        if self.peek() == " " and self.peek(1) == "{":
            self.at += 1
        return (self._group(self.text).strip() or first) if self.peek() == "{" else first

    def _other_command(self, name: str, mode: Callable[..., str]) -> str:
        following = self.peek()
        if name in ("url", "path", "nolinkurl") and following == "{":
            return self.raw_group()
        if name == "footnote":
            self.option()
            note = self._group(self.text).strip() if self.peek() == "{" else ""
            return f" ({note})" if note else ""
        if name in ("textsuperscript", "textsubscript") and following == "{":
            return script("^" if name == "textsuperscript" else "_", self._group(self.text), ["x"])
        if name == "unicode" and following == "{":
            found = _CODE_POINT.fullmatch(self.raw_group())
            return printable(int(found[1], 16)) if found else ""
        if name == "char" and (found := _QUOTED_CODE_POINT.match(following)):
            self.leave(following[found.end() :])
            return printable(int(found[1], 16))
        if name == "ding" and following == "{":
            return DINGBATS.get(self.raw_group(), "")
        if name == "verb" and following[:1] in ("|", "+", "!") and (stop := following.find(following[0], 1)) > 0:
            self.leave(following[stop + 1 :])
            return following[1:stop]
        if name == "enquote" and following == "{":
            return f"“{self._group(self.text)}”"
        if name == "hyperref":
            self.option()
        if following.startswith("[") and "]" in following and self.peek(1) == "{":
            self.option()
        if self.peek() == "{":
            # Most commands dress up their argument. An author's own macro ends in `{}`: its name is all there is.
            return self._group(mode) or name
        # `\n` in running text speaks of a line break; any other name without its backslash reads better.
        return f"\\{name}" if len(name) == 1 and name.islower() and mode == self.text else name

    # ---- arguments

    def _clings(self) -> bool:
        following = self.peek()
        if following == " ":
            name = self.peek(1)[1:]
            return name in GREEK or name.startswith("math")
        return following[:1] == " " and following[1:2].isalnum()

    def _argument(self, mode: Callable[..., str]) -> str:
        """A group, or else the one character or command that TeX would take."""
        self.skip_space()
        following = self.peek()
        if following == "{":
            return self._group(mode)
        if not following or following in "}$^_":
            return ""
        if following[0] == "\\" and len(following) > 1:
            self.at += 1
            if self.depth >= _MAX_DEPTH:
                return ""
            self.depth += 1
            argument = self._command(following[1:], [], mode)
            self.depth -= 1
            return argument
        return self.take_character()

    def _group(self, mode: Callable[..., str]) -> str:
        """The content of the group that starts here."""
        self.at += 1
        if self.depth >= _MAX_DEPTH:
            return ""
        self.depth += 1
        content: str = mode(in_group=True)
        self.depth -= 1
        return content
