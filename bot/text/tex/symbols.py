"""What TeX's commands, accents and scripts are in Unicode."""

from __future__ import annotations

GREEK = {
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

RELATIONS = {
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

SIGNS = {
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
    "scriptscriptstyle": "", "limits": "", "nolimits": "", "protect": "", "relax": "", "bigskip": "", "medskip": "",
    "smallskip": "", "centering": "", "faGithub": "", "boldmath": "", "unboldmath": "", "maketitle": "", "hfill": "",
    "left": "", "right": "", "middle": "", "big": "", "Big": "", "bigg": "", "Bigg": "", "bigl": "", "bigr": "",
    "Bigl": "", "Bigr": "", "biggl": "", "biggr": "", "bigm": "", "Bigm": "",
    "eg": "e.g.", "ie": "i.e.", "etal": "et al.", "etc": "etc.", "wrt": "w.r.t.", "aka": "a.k.a.", "iid": "i.i.d.",
    "cf": "cf.", "vs": "vs.",
}  # fmt: skip

DELIMITER_SIZES = frozenset(
    ["left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr"]
)

LETTERS = {
    "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "SS": "ẞ", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ",
    "aa": "å", "AA": "Å", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ",
    "i": "ı", "j": "ȷ",
}  # fmt: skip

SYMBOL_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
}  # fmt: skip
LETTER_ACCENTS = {
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "b": "\u0331",
    "d": "\u0323",
}  # fmt: skip
MATH_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304",
    "overline": "\u0304", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "acute": "\u0301", "grave": "\u0300",
    "breve": "\u0306", "check": "\u030c", "mathring": "\u030a",
}  # fmt: skip
# arXiv turns some Greek commands into an accent and the rest of the name: `\b{eta}` was `\beta`.
TORN_GREEK = {
    ("b", "eta"): "β", ("r", "ho"): "ρ", ("k", "appa"): "κ", ("c", "hi"): "χ", ("t", "au"): "τ",
    ("t", "heta"): "θ", ("u", "psilon"): "υ", ("d", "elta"): "δ",
}  # fmt: skip

# Without `deg`: `\deg` in an abstract is always a temperature or an angle.
FUNCTIONS = frozenset([
    "log", "ln", "lg", "exp", "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh",
    "tanh", "coth", "min", "max", "inf", "sup", "lim", "limsup", "liminf", "arg", "argmin", "argmax", "det", "dim",
    "ker", "gcd", "hom", "Pr", "sgn", "tr", "rank", "mod", "bmod", "polylog", "softmax",
])  # fmt: skip

DECLARATIONS = frozenset([
    "em", "bf", "it", "rm", "tt", "sc", "sf", "sl", "cal", "frak", "bfseries", "itshape", "rmfamily", "ttfamily",
    "scshape", "sffamily", "upshape", "mdseries", "normalfont", "tiny", "scriptsize", "footnotesize", "small",
    "normalsize", "large", "Large", "LARGE", "huge", "Huge",
])  # fmt: skip
WITHOUT_ARGUMENT = frozenset([
    "cite", "citep", "citet", "citealp", "citealt", "citeauthor", "citeyear", "citeyearpar", "autocite", "parencite",
    "textcite", "nocite", "ref", "eqref", "autoref", "cref", "Cref", "pageref", "label", "vspace", "hspace", "vskip",
    "hskip", "mkern", "kern", "includegraphics", "bibliography", "index", "thanks", "color", "deleted", "pagestyle",
    "thispagestyle", "setlength", "input", "begin", "end", "phantom", "hphantom", "vphantom",
])  # fmt: skip
SECOND_ARGUMENT = frozenset(["href", "textcolor", "colorbox", "hyperlink", "foreignlanguage", "raisebox"])
DOUBLE_STRUCK = str.maketrans("CHNPQRZ", "ℂℍℕℙℚℝℤ")

DROPPED_SYMBOLS = frozenset("-/!@()[]")
SPACE_SYMBOLS = frozenset(" ,;:>\\\n")
LITERAL_SYMBOLS = frozenset("%&_#${}")

SUPERSCRIPTS = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzTβγδθφχ∘′″∗*†‡⊤",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᵝᵞᵟᶿᵠᵡ°′″**†‡ᵀ",
        strict=True,
    )
)
SUBSCRIPTS = dict(zip("0123456789+-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
ORDINALS = frozenset(("st", "nd", "rd", "th"))
DINGBATS = {"51": "✓", "52": "✔", "55": "✗", "56": "✘", "72": "★"} | {
    str(number): chr(0x2460 + number - 172 if number < 182 else 0x2776 + number - 182) for number in range(172, 192)
}
