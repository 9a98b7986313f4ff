"""TeX habits in titles and abstracts, turned into Unicode text that reads well in a chat.

Authors type abstracts as they type papers: `$O(n^2)$`, `Schr\\"odinger`, ``quotes'', `{\\em new}`, `\\cite{key}`, and
macros of their own that nobody else can expand. This is a reader of those habits and not TeX: it needs no
preamble, takes the text as one stream, and shows what it does not know with as few marks as possible.

It works in time linear in the text, in bounded depth, and never raises: feeds are hostile. Backslashes and dollars
that are not TeX (`costs $5 and $10`, `"\\n"`) stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_MAX_DEPTH = 40  # groups inside groups; deeper braces are dropped, their content stays
_MAX_MATH = 600  # characters between two dollars that can still be a formula

_HABIT = re.compile(r"[\\$~{]|``|''|--|\dtimes(?![a-z])")
# The Daily Papers feed drops `\` and `$`, which leaves `256times256` and `2^{128}` behind.
_BARE_TIMES = re.compile(r"(?<=\d)times(?![A-Za-z])")
_TOKEN = re.compile(
    r"\\(?:[A-Za-z]+\*?|.)"  # a control word or a control symbol
    r"|https?://[^\s\\{}$]+"  # an address means what it says
    r"|[{}$^_~&]|''|-+|`+"
    r"|(?:(?!https?://)[^\\{}$^_~&'`-])+"
    r"|.",
    re.DOTALL,
)

_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "varkappa": "ϰ", "lambda": "λ",
    "mu": "μ", "nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "varpi": "ϖ", "rho": "ρ", "varrho": "ϱ",
    "sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "upmu": "μ", "ell": "ℓ", "hbar": "ℏ", "imath": "ı",
    "jmath": "ȷ", "partial": "∂", "nabla": "∇", "Re": "ℜ", "Im": "ℑ", "wp": "℘", "aleph": "ℵ", "neg": "¬",
    "lnot": "¬", "forall": "∀", "exists": "∃", "nexists": "∄", "sum": "∑", "prod": "∏", "coprod": "∐", "int": "∫",
    "iint": "∬", "oint": "∮", "surd": "√", "bigcup": "⋃", "bigcap": "⋂", "bigoplus": "⨁", "bigotimes": "⨂",
    "bigvee": "⋁", "bigwedge": "⋀", "textmu": "µ",
}  # fmt: skip
"""Signs that cling to what follows: TeX ignores the space after them and so do we (`\\Delta x` is Δx)."""

_RELATIONS = {
    "times": "×", "pm": "±", "mp": "∓", "cdot": "·", "div": "÷", "ast": "∗", "star": "⋆", "bullet": "•",
    "oplus": "⊕", "ominus": "⊖", "otimes": "⊗", "oslash": "⊘", "odot": "⊙", "boxtimes": "⊠", "boxplus": "⊞",
    "wedge": "∧", "land": "∧", "vee": "∨", "lor": "∨", "cap": "∩", "cup": "∪", "uplus": "⊎", "sqcup": "⊔",
    "sqcap": "⊓", "setminus": "∖", "smallsetminus": "∖", "amalg": "⨿", "ltimes": "⋉", "rtimes": "⋊",
    "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "ne": "≠", "neq": "≠",
    "ll": "≪", "gg": "≫", "lesssim": "≲", "gtrsim": "≳", "lessapprox": "⪅", "gtrapprox": "⪆", "lt": "<", "gt": ">",
    "sim": "∼", "simeq": "≃", "approx": "≈", "approxeq": "≊", "cong": "≅", "equiv": "≡", "propto": "∝",
    "asymp": "≍", "doteq": "≐", "coloneqq": "≔", "prec": "≺", "succ": "≻", "preceq": "⪯", "succeq": "⪰",
    "in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆", "subsetneq": "⊊", "supset": "⊃",
    "supseteq": "⊇", "supsetneq": "⊋", "sqsubseteq": "⊑", "sqsupseteq": "⊒", "mid": "|", "nmid": "∤",
    "parallel": "∥", "nparallel": "∦", "perp": "⊥", "vdash": "⊢", "dashv": "⊣", "models": "⊨", "vDash": "⊨",
    "Vdash": "⊩", "to": "→", "rightarrow": "→", "longrightarrow": "→", "leftarrow": "←", "gets": "←",
    "longleftarrow": "←", "leftrightarrow": "↔", "longleftrightarrow": "↔", "Rightarrow": "⇒",
    "Longrightarrow": "⇒", "implies": "⇒", "Leftarrow": "⇐", "impliedby": "⇐", "Leftrightarrow": "⇔",
    "Longleftrightarrow": "⇔", "iff": "⇔", "mapsto": "↦", "longmapsto": "↦", "hookrightarrow": "↪",
    "rightharpoonup": "⇀", "rightleftharpoons": "⇌", "rightsquigarrow": "⇝", "leadsto": "⇝",
    "twoheadrightarrow": "↠", "nrightarrow": "↛", "nearrow": "↗", "searrow": "↘", "xrightarrow": "→",
    "textrightarrow": "→", "textleftarrow": "←", "bowtie": "⋈", "triangleq": "≜", "trianglelefteq": "⊴",
    "colon": ":",
}  # fmt: skip
"""Signs between two things: as much space behind as the author left in front."""

_SIGNS = {
    "infty": "∞", "deg": "°", "degree": "°", "circ": "∘", "prime": "′", "dagger": "†", "dag": "†", "ddagger": "‡",
    "ddag": "‡", "S": "§", "P": "¶", "copyright": "©", "textcopyright": "©", "circledR": "®", "textregistered": "®",
    "texttrademark": "™", "pounds": "£", "textsterling": "£", "euro": "€", "texteuro": "€", "EUR": "€",
    "textdegree": "°", "percent": "%", "textpertenthousand": "‱", "textperthousand": "‰", "uparrow": "↑",
    "downarrow": "↓", "updownarrow": "↕", "Uparrow": "⇑", "Downarrow": "⇓", "ldots": "…", "dots": "…",
    "dotsc": "…", "dotsb": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "textellipsis": "…", "textendash": "–",
    "textemdash": "—", "endash": "–", "emdash": "—", "textquoteleft": "‘", "textquoteright": "’",
    "textquotedblleft": "“", "textquotedblright": "”", "lq": "‘", "rq": "’", "textquotesingle": "'",
    "textquotedbl": '"', "guillemotleft": "«", "guillemotright": "»", "textasciitilde": "~",
    "textasciicircum": "^", "textunderscore": "_", "textbar": "|", "textless": "<", "textgreater": ">",
    "textbullet": "•", "textdollar": "$", "textbackslash": "\\", "backslash": "\\", "slash": "/", "langle": "⟨",
    "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "lbrace": "{", "rbrace": "}",
    "lbrack": "[", "rbrack": "]", "vert": "|", "lvert": "|", "rvert": "|", "Vert": "‖", "lVert": "‖",
    "rVert": "‖", "top": "⊤", "bot": "⊥", "emptyset": "∅", "varnothing": "∅", "angle": "∠", "triangle": "△",
    "square": "□", "Box": "□", "blacksquare": "■", "diamond": "⋄", "Diamond": "◇", "checkmark": "✓", "cmark": "✓",
    "xmark": "✗", "bigstar": "★", "natural": "♮", "flat": "♭", "sharp": "♯", "clubsuit": "♣", "diamondsuit": "♢",
    "heartsuit": "♡", "spadesuit": "♠", "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "quad": " ",
    "qquad": " ", "space": " ", "enspace": " ", "thinspace": " ", "newline": " ", "linebreak": " ", "par": " ",
    "and": " · ", "xspace": "", "noindent": "", "displaystyle": "", "textstyle": "", "scriptstyle": "",
    "limits": "", "nolimits": "", "protect": "", "relax": "", "bigskip": "", "medskip": "", "smallskip": "",
    "centering": "", "faGithub": "", "boldmath": "", "unboldmath": "", "maketitle": "", "hfill": "",
    "left": "", "right": "", "middle": "", "big": "", "Big": "", "bigg": "", "Bigg": "", "bigl": "", "bigr": "",
    "Bigl": "", "Bigr": "", "biggl": "", "biggr": "", "bigm": "", "Bigm": "",
    "eg": "e.g.", "ie": "i.e.", "etal": "et al.", "etc": "etc.", "wrt": "w.r.t.", "aka": "a.k.a.", "iid": "i.i.d.",
    "cf": "cf.", "vs": "vs.",
}  # fmt: skip

_DELIMITER_SIZES = frozenset(
    ["left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr"]
)

_LETTERS = {
    "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "SS": "ẞ", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ",
    "aa": "å", "AA": "Å", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ",
    "i": "ı", "j": "ȷ",
}  # fmt: skip

_SYMBOL_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
}  # fmt: skip
_LETTER_ACCENTS = {
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "b": "\u0331",
    "d": "\u0323",
}  # fmt: skip
_MATH_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304",
    "overline": "\u0304", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "acute": "\u0301", "grave": "\u0300",
    "breve": "\u0306", "check": "\u030c", "mathring": "\u030a",
}  # fmt: skip
# arXiv turns some Greek commands into an accent and the rest of the name: `\b{eta}` was `\beta`.
_TORN_GREEK = {
    ("b", "eta"): "β", ("r", "ho"): "ρ", ("k", "appa"): "κ", ("c", "hi"): "χ", ("t", "au"): "τ",
    ("t", "heta"): "θ", ("u", "psilon"): "υ", ("d", "elta"): "δ",
}  # fmt: skip

_FUNCTIONS = frozenset(
    [
        "log",
        "ln",
        "lg",
        "exp",
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "coth",
        "min",
        "max",
        "inf",
        "sup",
        "lim",
        "limsup",
        "liminf",
        "arg",
        "argmin",
        "argmax",
        "det",
        "dim",
        "ker",
        "gcd",
        "deg",
        "hom",
        "Pr",
        "sgn",
        "tr",
        "rank",
        "mod",
        "bmod",
        "polylog",
        "softmax",
    ]
) - {"deg"}  # `\deg` in an abstract is always a temperature or an angle

_DECLARATIONS = frozenset(
    [
        "em",
        "bf",
        "it",
        "rm",
        "tt",
        "sc",
        "sf",
        "sl",
        "cal",
        "frak",
        "bfseries",
        "itshape",
        "rmfamily",
        "ttfamily",
        "scshape",
        "sffamily",
        "upshape",
        "mdseries",
        "normalfont",
        "tiny",
        "scriptsize",
        "footnotesize",
        "small",
        "normalsize",
        "large",
        "Large",
        "LARGE",
        "huge",
        "Huge",
    ]
)
_WITHOUT_ARGUMENT = frozenset(
    [
        "cite",
        "citep",
        "citet",
        "citealp",
        "citealt",
        "citeauthor",
        "citeyear",
        "citeyearpar",
        "autocite",
        "parencite",
        "textcite",
        "nocite",
        "ref",
        "eqref",
        "autoref",
        "cref",
        "Cref",
        "pageref",
        "label",
        "vspace",
        "hspace",
        "vskip",
        "hskip",
        "mkern",
        "kern",
        "includegraphics",
        "bibliography",
        "index",
        "thanks",
        "color",
        "deleted",
        "pagestyle",
        "thispagestyle",
        "setlength",
        "input",
        "begin",
        "end",
        "phantom",
        "hphantom",
        "vphantom",
    ]
)
_SECOND_ARGUMENT = frozenset(["href", "textcolor", "colorbox", "hyperlink", "foreignlanguage", "raisebox"])
_DOUBLE_STRUCK = str.maketrans("CHNPQRZ", "ℂℍℕℙℚℝℤ")

_DROPPED_SYMBOLS = frozenset("-/!@()[]")
_SPACE_SYMBOLS = frozenset(" ,;:>\\\n")
_LITERAL_SYMBOLS = frozenset("%&_#${}")

_SUPERSCRIPTS = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzTβγδθφχ∘′″∗*†‡⊤",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᵝᵞᵟᶿᵠᵡ°′″**†‡ᵀ",
        strict=True,
    )
)
_SUBSCRIPTS = dict(zip("0123456789+-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
_ORDINALS = frozenset(("st", "nd", "rd", "th"))
_DINGBATS = {"51": "✓", "52": "✔", "55": "✗", "56": "✘", "72": "★"} | {
    str(number): chr(0x2460 + number - 172 if number < 182 else 0x2776 + number - 182) for number in range(172, 192)
}

_WORD = re.compile(r"[^\W\d_]{3}")
_PLAIN_NAME = re.compile(r"[\w.′∗*%]+")
_ATOM = re.compile(r"√?[\w.′%]*(?:\([^()]*\))?")
_CODE_POINT = re.compile(r"x([0-9A-Fa-f]{1,6})")
_QUOTED_CODE_POINT = re.compile(r'"([0-9A-Fa-f]{2,6})')
_JSON_CODE_POINT = re.compile(r"[0-9A-Fa-f]{4}")
_ENGLISH_ENDING = re.compile(r"(?:s|t|d|m|re|ve|ll)\b")
_PLAIN_WORDS = re.compile(r"(?<![\\A-Za-z])[a-z]{2,}(?= )")
_LOOSE_SPACE = re.compile(r" +([,.;:)\]](?: |$))")
_HALF_QUOTED = re.compile(r'“([^“”"]{1,200})"')


def plain_text(source: str) -> str:
    """`source`, in which white space is single spaces, with its TeX habits turned into Unicode text.

    Text that shows none of them comes back as it is.
    """
    if _HABIT.search(source) is None:
        return source
    source = _BARE_TIMES.sub("×", source)
    reader = _Reader(source)
    text = reader.text()
    if reader.dropped_something:
        text = _LOOSE_SPACE.sub(r"\1", text)
    if "``" in source:
        text = _HALF_QUOTED.sub(r"“\1”", text)
    return " ".join(text.split())


class _Reader:
    """Reads a list of tokens once, left to right. Every method leaves `at` behind what it has read."""

    def __init__(self, source: str) -> None:
        self.tokens = _TOKEN.findall(source)
        self.at = 0
        self.end = len(self.tokens)
        self.depth = 0
        self.dropped_something = False
        # Braces in a text without any command are as likely a template or a set: those stay.
        self.braces_are_tex = "\\" in source
        # Where the last closer of each kind stands, so that a search for one that is missing costs nothing.
        self.last = {token: at for at, token in enumerate(self.tokens) if token in ("}", "\\)", "\\]")}

    # ---- the two modes

    def text(self, *, in_group: bool = False) -> str:
        """Running text up to the end, or up to the brace that closes the group."""
        out: list[str] = []
        while self.at < self.end:
            token = self.tokens[self.at]
            if token == "}":
                self.at += 1
                if in_group:
                    break
                if not self.braces_are_tex:
                    out.append(token)
            elif token == "{":
                out.append(self._text_brace(out))
            elif token == "$":
                out.append(self._dollar())
            elif token[0] == "\\" and len(token) > 1:
                self.at += 1
                out.append(self._command(token[1:], out, self.text))
            elif token in ("^", "_"):
                self.at += 1
                is_script = self._peek() == "{" and out and not out[-1].endswith(" ")
                out.append(_script(token, self._group(self.math), out) if is_script else token)
            else:
                self.at += 1
                out.append(self._typography(token, out))
        return "".join(out)

    def math(self, *, in_group: bool = False) -> str:
        """A formula up to the end of its span, or up to the brace that closes the group."""
        out: list[str] = []
        while self.at < self.end:
            token = self.tokens[self.at]
            if token == "}" and in_group:
                self.at += 1
                break
            if token == "{":
                out.append(self._group(self.math))
            elif token[0] == "\\" and len(token) > 1:
                self.at += 1
                out.append(self._command(token[1:], out, self.math))
            elif token in ("^", "_"):
                self.at += 1
                out.append(_script(token, self._argument(self.math), out))
            else:
                self.at += 1
                out.append({"'": "′", "''": "″", "~": " ", "&": " ", "$": "", "}": ""}.get(token, token))
        return "".join(out)

    # ---- pieces of running text

    def _text_brace(self, out: list[str]) -> str:
        if self.braces_are_tex or self._is_tex_group(out):
            content = self._group(self.text)
            return {"times": "×", "sim": "∼", "deg": "°", "pm": "±"}.get(content, content)
        self.at += 1
        return "{"

    def _is_tex_group(self, out: list[str]) -> bool:
        """Whether `{…}` is TeX's although no command is near: `Mus{é}e`, `5{,}000`, `N{=}1`, `256{times}256`."""
        content, closer, after = (self._peek(ahead) for ahead in (1, 2, 3))
        if content == "}":
            return True
        if closer != "}":
            return False
        if content in ("times", "sim", "deg", "pm") or (len(content) == 1 and content in ",=.:+-"):
            return True
        if content.isalnum() and not content.islower():
            return True  # `{GSR4B}` keeps BibTeX from lower-casing it
        in_word = (bool(out) and out[-1][-1:].isalpha()) or after[:1].isalpha()
        return in_word and len(content) <= 5 and content.isalpha()

    def _typography(self, token: str, out: list[str]) -> str:
        before = out[-1][-1:] if out else ""
        after = self._peek()[:1]
        if token == "~":
            # A tie joins a word to what it belongs to; alone before a number it means “about”, between two “to”.
            joins = before not in ("", " ", "/") and (before.isalnum() or before in ".,;:)]}”%")
            return " " if joins and after not in ("", " ") and not (before.isdigit() and after.isdigit()) else "~"
        if token == "--":
            return "–"
        if token == "---":
            return "—"
        if token == "``":
            return "“"
        if token == "''":
            if before in ("", " ", "("):
                return "“" if after.isalnum() else "''"
            return "”"
        return token

    def _dollar(self) -> str:
        """A formula, or the sign itself where it means money."""
        opener = self.at
        width = 2 if self._peek(1) == "$" else 1
        self.at += width
        closer = self.at
        while closer < self.end and self.tokens[closer] != "$":
            closer += 1
        if closer < self.end:
            inner = "".join(self.tokens[self.at : closer])
            after = self.tokens[closer + 1][:1] if closer + 1 < self.end else ""
            if _is_formula(inner, after):
                return self._span(closer, width)
        self.at = opener + 1
        return "$"

    def _span(self, closer: int, width: int = 1) -> str:
        outer_end, self.end = self.end, closer
        formula = self.math().strip()
        self.end = outer_end
        self.at = closer + 1
        if width == 2 and self._peek() == "$":
            self.at += 1
        return formula

    # ---- commands

    def _command(self, name: str, out: list[str], mode: Callable[..., str]) -> str:
        if not name[0].isalpha():
            return self._symbol_command(name, out, mode)
        name = name.rstrip("*")
        in_math = mode == self.math
        if name in _RELATIONS:
            if in_math and not (out and out[-1].endswith(" ")):
                self._skip_space()
            return _RELATIONS[name]
        if name in _GREEK:
            if in_math and self._clings():
                self._skip_space()
            return _GREEK[name]
        if name in _SIGNS:
            return self._sign(name, in_math)
        if name in _LETTERS:
            self._skip_space()
            return _LETTERS[name]
        if name in _LETTER_ACCENTS or name == "t":
            return self._letter_accent(name, in_math)
        if name in _DECLARATIONS:
            self._skip_space()
            return ""
        if in_math or name in _MATH_ACCENTS:
            formula = self._math_command(name, out)
            if formula is not None:
                return formula
        if name in _WITHOUT_ARGUMENT:
            return self._drop_argument(out)
        if name in _SECOND_ARGUMENT:
            return self._second_argument()
        return self._other_command(name, mode)

    def _symbol_command(self, name: str, out: list[str], mode: Callable[..., str]) -> str:
        if name in "([" and mode == self.text:
            closer = {"(": "\\)", "[": "\\]"}[name]
            at = self.at
            if self.last.get(closer, -1) > at:
                while at < self.end and self.tokens[at] != closer:
                    at += 1
                if at < self.end:
                    return self._span(at)
        if name in _LITERAL_SYMBOLS or name.isdigit():
            return name
        if name in _SPACE_SYMBOLS:
            return " "
        if name == "|":
            return "‖"
        if name in _SYMBOL_ACCENTS and mode == self.text:
            return self._symbol_accent(name, out)
        if name in _DROPPED_SYMBOLS or mode == self.math:
            return self._discretionary_hyphen(out) if name == "-" and mode == self.text else ""
        return name

    def _discretionary_hyphen(self, out: list[str]) -> str:
        """`\\-` marks where a word may break. Authors also write it for the hyphen itself: `(DK)\\-based`."""
        return "" if out and out[-1][-1:].islower() and self._peek()[:1].islower() else "-"

    def _sign(self, name: str, in_math: bool) -> str:
        sign = _SIGNS[name]
        following = self._peek()
        if name in _DELIMITER_SIZES and following.startswith("."):
            self._leave(following[1:])  # `\right.` is a delimiter that is not there
        elif sign.endswith(".") and following.startswith("."):
            self._leave(following[1:])  # `\eg.` already ends in its full stop
        elif in_math and not sign:
            self._skip_space()
        return sign

    def _symbol_accent(self, name: str, out: list[str]) -> str:
        following = self._peek()
        if name == "'" and out and out[-1][-1:].isalpha() and _ENGLISH_ENDING.match(following):
            return "'"  # an apostrophe that somebody escaped: `don\'t`
        if following == "{":
            base = self._group(self.text)
        elif following[:1].isalpha():
            base = self._take_character()
        elif following in ("\\i", "\\j"):
            self.at += 1
            self._skip_space()
            base = following[1]
        else:
            return name
        accented = _accent(base, _SYMBOL_ACCENTS[name])
        return accented if accented != base else name + base

    def _letter_accent(self, name: str, in_math: bool) -> str:
        following = self._peek()
        if name == "u" and (found := _JSON_CODE_POINT.match(following)):
            self._leave(following[4:])
            return _printable(int(found[0], 16))
        if following == "{":
            content = self._group(self.text)
            torn = _TORN_GREEK.get((name, content))
            return torn or _accent(content, _LETTER_ACCENTS.get(name, ""))
        if name in _LETTER_ACCENTS and following.startswith(" ") and following[1:2].isalpha():
            self._skip_space()
            accented = _accent(following[1], _LETTER_ACCENTS[name])
            if len(accented) > 1:
                return ""  # `\b geometric` is somebody's bold, not a letter with a bar below
            self._take_character()
            return accented
        return name if in_math else f"\\{name}"

    def _math_command(self, name: str, out: list[str]) -> str | None:
        """What a command means that only formulas have, None for any other."""
        if name in _FUNCTIONS:
            before = out[-1][-1:] if out else ""
            following = self._peek()
            gap = " " if following[:1].isalnum() or (following[:1] == "\\" and following[1:] in _GREEK) else ""
            return (" " if before.isalnum() or before == ")" else "") + name + gap
        if name in ("frac", "tfrac", "dfrac", "cfrac", "nicefrac"):
            top, bottom = (_factor(self._argument(self.math)) for _ in range(2))
            fraction = f"{top}/{bottom}"
            return f"({fraction})" if out and (out[-1][-1:].isalnum() or out[-1][-1:] == ")") else fraction
        if name == "sqrt":
            root = {"3": "∛", "4": "∜"}.get(self._option(), "√")
            return root + _factor(self._argument(self.math))
        if name in ("binom", "dbinom", "tbinom"):
            return f"({self._argument(self.math).strip()} choose {self._argument(self.math).strip()})"
        if name == "pmod":
            return f" (mod {self._argument(self.math).strip()})"
        if name == "mathbb":
            return self._argument(self.math).strip().translate(_DOUBLE_STRUCK)
        if name in _MATH_ACCENTS:
            return _accent(self._argument(self.math).strip(), _MATH_ACCENTS[name])
        if name == "not":
            crossed = self._argument(self.math)
            return unicodedata.normalize("NFC", crossed[:1] + "\u0338") + crossed[1:] if crossed else ""
        if name in ("text", "textrm", "mbox", "textnormal", "textit", "textbf", "texttt", "textsc", "textsf", "emph"):
            return self._argument(self.text)
        if name.startswith("math") or name in ("operatorname", "bm", "boldsymbol", "pmb"):
            return self._argument(self.math)
        return None

    def _drop_argument(self, out: list[str]) -> str:
        self._option()
        if self._peek() == "{":
            self._raw_group()
        self.dropped_something = True
        # “methods~\cite{x} that” keeps one of its two spaces.
        if out and out[-1].endswith(" "):
            self._skip_space()
        return ""

    def _second_argument(self) -> str:
        self._option()
        if self._peek() != "{":
            return ""
        first = self._raw_group()
        if self._peek() == " " and self._peek(1) == "{":
            self.at += 1
        return (self._group(self.text).strip() or first) if self._peek() == "{" else first

    def _other_command(self, name: str, mode: Callable[..., str]) -> str:
        following = self._peek()
        if name in ("url", "path", "nolinkurl") and following == "{":
            return self._raw_group()
        if name == "footnote":
            self._option()
            note = self._group(self.text).strip() if self._peek() == "{" else ""
            return f" ({note})" if note else ""
        if name in ("textsuperscript", "textsubscript") and following == "{":
            return _script("^" if name == "textsuperscript" else "_", self._group(self.text), ["x"])
        if name == "unicode" and following == "{":
            found = _CODE_POINT.fullmatch(self._raw_group())
            return _printable(int(found[1], 16)) if found else ""
        if name == "char" and (found := _QUOTED_CODE_POINT.match(following)):
            self._leave(following[found.end() :])
            return _printable(int(found[1], 16))
        if name == "ding" and following == "{":
            return _DINGBATS.get(self._raw_group(), "")
        if name == "verb" and following[:1] in ("|", "+", "!") and (stop := following.find(following[0], 1)) > 0:
            self._leave(following[stop + 1 :])
            return following[1:stop]
        if name == "enquote" and following == "{":
            return f"“{self._group(self.text)}”"
        if name == "hyperref":
            self._option()
        if following.startswith("[") and "]" in following and self._peek(1) == "{":
            self._option()
        if self._peek() == "{":
            # Most commands dress up their argument. An author's own macro ends in `{}`: its name is all there is.
            return self._group(mode) or name
        # `\n` in running text speaks of a line break; any other name without its backslash reads better.
        return f"\\{name}" if len(name) == 1 and name.islower() and mode == self.text else name

    # ---- arguments

    def _peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at] if at < self.end else ""

    def _leave(self, rest: str) -> None:
        """What is left of the token here once its beginning has been read."""
        if rest:
            self.tokens[self.at] = rest
        else:
            self.at += 1

    def _skip_space(self) -> None:
        following = self._peek()
        if following.startswith(" "):
            self._leave(following[1:])

    def _clings(self) -> bool:
        following = self._peek()
        if following == " ":
            name = self._peek(1)[1:]
            return name in _GREEK or name.startswith("math")
        return following[:1] == " " and following[1:2].isalnum()

    def _take_character(self) -> str:
        token = self.tokens[self.at]
        self._leave(token[1:])
        return token[0]

    def _argument(self, mode: Callable[..., str]) -> str:
        """A group, or else the one character or command that TeX would take."""
        self._skip_space()
        following = self._peek()
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
        return self._take_character()

    def _group(self, mode: Callable[..., str]) -> str:
        """The content of the group that starts here."""
        self.at += 1
        if self.depth >= _MAX_DEPTH:
            return ""
        self.depth += 1
        content: str = mode(in_group=True)
        self.depth -= 1
        return content

    def _raw_group(self) -> str:
        """The characters of the group that starts here as they stand, for addresses and keys."""
        self.at += 1
        if self.last.get("}", -1) < self.at:
            return ""
        start = self.at
        while self.at < self.end and self.tokens[self.at] != "}":
            self.at += 1
        raw = "".join(self.tokens[start : self.at])
        self.at = min(self.at + 1, self.end)
        return re.sub(r"\\([%&_#$~{}])", r"\1", raw).strip()

    def _option(self) -> str:
        """The `[…]` that starts here, empty if none does."""
        following = self._peek()
        if not following.startswith("["):
            return ""
        stop = following.find("]")
        if stop < 0:
            return ""
        self._leave(following[stop + 1 :])
        return following[1:stop]


def _is_formula(inner: str, after: str) -> bool:
    """Whether what stands between two dollars is a formula. `after` is the character behind the second one.

    The rule of Pandoc (no space inside the dollars, no digit behind them) is too strict for arXiv, where `$ x $` and
    `$\\sim$10` are common; so it holds only where nothing in between looks like TeX.
    """
    body = inner.strip()
    if not body or len(body) > _MAX_MATH:
        return False
    words = 0 if "{" in body else len(_PLAIN_WORDS.findall(body))
    if any(mark in body for mark in "\\^_"):
        return words < 3
    has_edge_space = len(body) != len(inner)
    if body[0].isdigit():
        return not (has_edge_space or after.isdigit() or words)
    return words < 3 and (not has_edge_space or len(body) <= 3 or "=" in body)


def _script(kind: str, content: str, out: list[str]) -> str:
    """`content` as a superscript (`^`) or a subscript (`_`) of what is in `out`."""
    content = content.strip()
    if not content:
        return ""
    raised = kind == "^"
    if raised and content in _ORDINALS and out and out[-1][-1:].isdigit():
        return content
    if raised and not any(piece.strip() for piece in out) and content in _ORDINALS:
        return content  # `20$^{th}$ century`
    signs = _SUPERSCRIPTS if raised else _SUBSCRIPTS
    if not _WORD.search(content) and all(character in signs for character in content):
        return "".join(signs[character] for character in content)
    return f"{kind}{content}" if _PLAIN_NAME.fullmatch(content) or len(content) == 1 else f"{kind}({content})"


def _factor(content: str) -> str:
    content = content.strip()
    return content if not content or _ATOM.fullmatch(content) else f"({content})"


def _accent(base: str, mark: str) -> str:
    """`base` with the accent if it is one letter: in one code point where there is one, else combined in formulas."""
    if len(base) != 1 or not base.isalpha() or not mark:
        return base
    base = {"ı": "i", "ȷ": "j"}.get(base, base)
    return unicodedata.normalize("NFC", base + mark)


def _printable(code_point: int) -> str:
    character = chr(code_point) if code_point <= 0x10FFFF else ""
    return character if character.isprintable() else ""
