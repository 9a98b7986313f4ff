"""The names of authors, read once: one value serves bylines, `author:` queries, BibTeX, RIS, CSV and citation keys.

Feeds write names in every way there is: `Hal Daumé III`, `LeCun, Yann`, `NVIDIA`, `:`, `and Jian Xiao`, `D. -M. Koh`.
A name is parted only where that is certain enough. One that is not (groups, single names, `Venktesh V`, Chinese,
Japanese and Korean script) stays whole, and a whole name is right in every format.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from anyascii import anyascii

from bot.text.readable import readable

LONGEST_NAME: Final = 200
"""Characters of a name that are kept."""

_JUNIOR: Final = frozenset(("Jr", "Jr.", "JR", "JR.", "Sr", "Sr.", "II", "III", "IV"))
_DEGREES: Final = frozenset(("phd", "ph.d", "m.d", "msc", "m.sc", "bsc", "dsc", "esq"))
_TITLES: Final = frozenset(("Dr.", "Prof.", "Mr.", "Mrs.", "Ms.", "Prof.Dr."))
_BRAZILIAN: Final = frozenset(("filho", "neto", "netto", "junior", "júnior", "sobrinho"))
#: In small letters they begin a family name; BibTeX calls them “von”.
_PARTICLES: Final = frozenset([
    "van", "von", "vom", "vander", "der", "den", "de", "del", "dela", "della", "delle", "di", "da", "dal", "dalla",
    "dos", "das", "do", "du", "des", "la", "las", "le", "los", "lo", "ter", "ten", "te", "zu", "zum", "zur", "af",
    "av", "al", "el", "ul", "ur", "bin", "ibn", "ben", "bint", "abu", "st.", "san", "ver", "op", "tot", "am",
    "auf",
])  # fmt: skip
#: In small letters they stand inside a family name: `Agüera y Arcas`, `Schulte im Walde`.
_INSIDE: Final = frozenset(("y", "e", "i", "dit", "im", "à", "und"))
#: With a capital they begin a family name, too (not Y, E: initials; not Bin, Do, Das, Ten: given names as often).
_CAPITAL: Final = frozenset([
    "Van", "Von", "Vom", "Vander", "Der", "Den", "De", "Del", "Dela", "Della", "Delle", "Di", "Da", "Dal", "Dalla",
    "Dos", "Des", "Du", "La", "Las", "Le", "Los", "Lo", "El", "Al", "EL", "Ben", "Ibn", "St", "St.", "San", "Mc",
    "Ter", "Ver", "Zu",
])  # fmt: skip
_VIETNAMESE: Final = frozenset([
    "nguyen", "tran", "le", "pham", "vo", "dao", "thi", "hoang", "huynh", "phan", "vu", "dang", "bui", "do", "ho",
    "ngo", "duong", "ly", "truong", "dinh", "trinh", "doan", "mai", "luong", "cao", "ta", "thanh", "duc", "anh",
    "minh", "thien", "phuoc", "khac", "bao", "binh", "thu", "duy", "khanh", "quang", "nam", "hung", "hieu", "tuan",
    "hai", "thang", "tung", "ha", "lan",
])  # fmt: skip
_GROUPS: Final = frozenset([
    "team", "teams", "group", "groups", "collaboration", "collaborations", "consortium", "lab", "labs",
    "laboratory", "laboratories", "research", "institute", "institution", "project", "university", "community",
    "contributors", "foundation", "company", "corporation", "inc", "inc.", "ltd", "ltd.", "llc", "gmbh", "authors",
    "initiative", "network", "center", "centre", "investigators", "experts", "trust", "hospital", "committee",
    "society", "association", "agency", "department", "college", "faculty", "alliance", "federation", "council",
    "observatory", "technologies", "intelligence", "organization", "workshop", "agi",
])  # fmt: skip
#: Companies whose teams sign papers: `Google DeepMind`, `ByteDance Seed`.
_COMPANIES: Final = frozenset([
    "Google", "Microsoft", "ByteDance", "Bytedance", "Amazon", "NVIDIA", "Nvidia", "Alibaba", "Tencent", "Baidu",
    "Huawei", "OpenAI", "Samsung", "Xiaomi", "Meituan", "Kuaishou", "DeepSeek", "SenseTime", "Salesforce", "Anthropic",
])  # fmt: skip
_UNTELLING: Final = _GROUPS | {"the", "of", "for", "and"}
_GROUP_SIGNS = re.compile(r"[\d&@/+]|\b(?:of|for|[Aa][Nn][Dd]|the)\b|[-.]\s?(?:AI|ai)$")
_FOLLOWING = re.compile(r"(?i)^(?:and|&|others?|et\.? al\.?|and others)$")
_AND_BETWEEN = re.compile(r"\s+and\s+", re.IGNORECASE)
_AFTER_ALL = re.compile(r"[\s,]+and$|^and\s+(?=\S)", re.IGNORECASE)
_MARKS = re.compile(r"^[\W_]+(?=[^\W_])|[†‡*§¶∗⋆\\_,;:⁰¹²³⁴⁵⁶⁷⁸⁹]+$")
_LOST_BACKSLASH = re.compile(r"(?<=[^\W\d_])([`\"])([aeiou])(?=[a-z]|\s|$)")
_AFFILIATION = re.compile(r"(?<=\S)(?:\s*\([^()]*\))+\s*$")
_ASIDE = re.compile(r"\([^()]*\)|(?<!\w)['‘][^'’]+['’](?!\w)|[\"“”«»][^\"“”«»]*(?:[\"“”«»]|'')")
_FOOTNOTE = re.compile(r"(?<=[a-z])\d{1,2}$")
_INITIALS_BEHIND = re.compile(r"(?:[^\W\d_]\.-?)+|[^\W\d_]|[B-DF-HJ-NP-TV-Z]{2,3}")
_ONLY_INITIALS = re.compile(r"(?:[^\W\d_]\.[ -]?)+")
_PART_OF_GIVEN = re.compile(r"([-‐‑]?)[\W_]*([^\W\d_][^-‐‑.\s]*)\.?")
#: Words, hyphens and initials, none of which is “and” or “others”, and no space that arXiv put in.
_PLAIN = re.compile(
    r"(?!.*(?:\band\b|\bothers?$|\bal\.?$|\. -|\. ai$))[a-z]+(?:[-']?[a-z]|\.|\.?[- ](?=[a-z]))*",
    re.IGNORECASE | re.ASCII,
)
_AND = re.compile(r"\s+(?:and|&)\s+|(?:^|\s)and(?=[\s,;])", re.IGNORECASE)
_AND_INSIDE = re.compile(r"(?<!\S)and(?!\S)", re.IGNORECASE)
_SHOUTED = re.compile(r"(?=.*[AEIOUY])[A-Z-]{3,}")
_KEY = re.compile(r"[^a-z0-9]+")
_WHOLE_SCRIPTS = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "BOPOMOFO")


@dataclass(frozen=True, slots=True)
class Name:
    """An author. One that could not be parted, and a group, is all `family`."""

    family: str
    given: str = ""
    particle: str = ""
    suffix: str = ""
    is_group: bool = False

    @property
    def written(self) -> str:
        """As people write it, which is also what `author:` looks in: `Laurens van der Maaten`."""
        return _joined(self.given, self.particle, self.family, self.suffix)

    @property
    def short(self) -> str:
        """For a byline: `L. van der Maaten`, `C.-P. Yuan`, `R. W. Heath Jr.`, `Gemma Team`."""
        return _joined(_initials(self.given), self.particle, self.family, self.suffix)

    def bibtex(self, tex: Callable[[str], str] = str) -> str:
        """`van der Maaten, Laurens`, `Heath, Jr., Robert W.`, `{Gemma Team}`; `tex` escapes what TeX would misread."""
        if not self.given or _AND_INSIDE.search(self.written):
            whole = tex(self.written)
            return f"{{{whole}}}" if " " in whole or "," in whole or self.is_group else whole
        family = tex(self.family)
        if any(word[0].islower() for word in self.family.split()[1:]):
            family = f"{{{family}}}"  # or BibTeX takes `Agüera y` for the particle of Arcas
        return ", ".join(filter(None, (_joined(self.particle, family), tex(self.suffix), tex(self.given))))

    @property
    def ris(self) -> str:
        """`van der Maaten, Laurens`, `Heath, Robert W., Jr.`: https://en.wikipedia.org/wiki/RIS_(file_format)."""
        parts = (_joined(self.particle, self.family), self.given, self.suffix)
        return ", ".join(" ".join(part.replace(",", " ").split()) for part in parts if part)

    @property
    def searched(self) -> tuple[str, ...]:
        """Every way to write it that `author:` finds: in full and with initials, either name first."""
        if not self.given:
            return (self.written,)
        family = _joined(self.particle, self.family)
        behind = (_joined(family, given, self.suffix) for given in (self.given, _initials(self.given)))
        return tuple(dict.fromkeys((self.written, self.short, *behind)))

    @property
    def key(self) -> str:
        """What a citation key says of it: `odegard`, `heath`, `gemma`, `vangool`. Empty if nothing can be said."""
        words = self.family.split()
        if not self.is_group:
            words = [word for word in words if not _is_initial(word)]
        else:
            telling = (word for word in words if word.lower() not in _UNTELLING)
            words = [next(telling, self.family)]
        return _KEY.sub("", anyascii("".join(words or [self.family])).lower())


#: In front of a colon there stands a group or two; more names than that are people, and the colon is a slip.
_MOST_GROUPS: Final = 3


def shorten_authors(names: Sequence[Name], shown: int = 2) -> str:
    """The first `shown` names with initials for given names, and how many more there are: `Y. LeCun, G. Hinton +6`."""
    listed = ", ".join(name.short for name in names[:shown])
    rest = len(names) - shown
    return f"{listed} +{rest}" if rest > 0 else listed


def read_names(entries: Iterable[str]) -> list[Name]:
    """The authors in a feed's list, each once as a person or group; what is no name is left out."""
    names: list[Name] = []
    for entry in entries:
        if entry.strip() in (":", "：") and len(names) <= _MOST_GROUPS:
            # `NVIDIA, :, Ann Lee`: who stands in front of the colon is a group.
            names = [Name(name.written, is_group=True) for name in names]
            continue
        group, colon, rest = entry.partition(": ")
        if colon and group.strip():  # `The CMS Collaboration: A. Tumasyan`
            names += [Name(name.written, is_group=True) for name in read_names([group])]
            entry = rest
        for text in _texts(entry):
            if text in _JUNIOR and names and not names[-1].suffix and not names[-1].is_group:
                last = names[-1]  # `Robert W. Heath, Jr.`, torn at its comma
                names[-1] = Name(last.family, last.given, last.particle, text)
            elif (name := _read(text)) is not None:
                names.append(name)
    return names


def split_names(text: str) -> list[str]:
    """The entries of a list in one text: `A, B and C`, `Surname, A; Surname, B`, `Surname, A and Surname, B`."""
    text = " ".join(text.split())  # of long rows of spaces patterns would begin anew at each of them
    if ";" in text:
        halves = [half for part in text.split(";") for half in _parted(part)]
        return [half.strip(" ,") for half in halves if half.strip(" ,")]
    parts = [part.strip(" ,") for part in _AND.split(text) if part.strip(" ,")]
    pieces = [[piece.strip() for piece in part.split(",")] for part in parts]
    flat = [piece for some in pieces for piece in some if piece]
    if len(flat) > 3 and len(flat) % 2 == 0 and all(map(_ONLY_INITIALS.fullmatch, flat[1::2])):  # `Lee, A., Li, B.`
        return [f"{family}, {given}" for family, given in zip(flat[::2], flat[1::2], strict=True)]
    family_first = all(len(some) == 2 for some in pieces) and any(" " not in piece for some in pieces for piece in some)
    if family_first and (len(parts) > 1 or " " not in pieces[0][0]):
        return parts
    return flat


def _texts(entry: str) -> Iterator[str]:
    """The names in one entry of a list, which should be one, each in a clean line."""
    if len(entry) <= LONGEST_NAME and _PLAIN.fullmatch(entry):  # nearly every name
        yield entry
        return
    text = readable(entry, LONGEST_NAME).replace("_", " ")
    text = _LOST_BACKSLASH.sub(lambda found: _accented(found[2], found[1]), text)
    text = re.sub(r"(?<=\d)\. (?=\d)|(?<=\w)\. (?=ai$)", ".", text)  # arXiv sets a space behind every full stop
    text = re.sub(r"\. (?=[-‐‑]\w)", ".", text)
    for part in text.split(";"):
        part = _AFTER_ALL.sub("", part.strip())
        halves = _AND_BETWEEN.split(part)
        as_one = re.sub(r"\band\b", "", part, flags=re.IGNORECASE).split()
        one = len(halves) == 1 or not all(" " in half for half in halves) or _is_group(as_one)
        for half in [part] if one else halves:
            half = " ".join(_MARKS.sub("", _AFFILIATION.sub("", half)).split())
            if not half or _FOLLOWING.match(half) or not any(char.isalnum() for char in half):
                continue
            pieces = [piece.strip() for piece in half.split(",") if piece.strip()]
            if len(pieces) > 2 and all(" " in piece for piece in pieces):
                yield from pieces
            else:
                yield half


def _parted(part: str) -> list[str]:
    """`Surname, A and Surname, B` in two, where both are written so."""
    halves = _AND.split(part)
    return halves if all("," in half or not half.strip() for half in halves) else [part]


def _accented(letter: str, sign: str) -> str:
    return unicodedata.normalize("NFC", letter + {"`": "\u0300", '"': "\u0308"}[sign])


@lru_cache(maxsize=50_000)
def _read(text: str) -> Name | None:
    family_first, suffix = "", ""
    pieces = [piece for part in text.split(",") if (piece := part.strip())]
    pieces = [piece for piece in pieces if piece.rstrip(".").lower() not in _DEGREES]
    if len(pieces) == 2 and " " in pieces[0] and pieces[1] == "MD":  # else it is short for Mohammed
        pieces.pop()
    for piece in [piece for piece in pieces[1:] if piece in _JUNIOR]:
        pieces.remove(piece)
        suffix = piece
    if not pieces:
        return None
    if _is_group(" ".join(pieces).split()):
        return Name(text, is_group=True)
    if len(pieces) > 1:
        family_first, text = pieces[0], " ".join(pieces[1:])
    else:
        text = pieces[0]
    words = text.split()
    while len(words) > 1 and words[0] in _TITLES:
        del words[0]
    while len(words) > 2 and words[-1].rstrip(".").lower() in {"phd", "ph.d", "m.d"}:
        del words[-1]
    words[-1] = _FOOTNOTE.sub("", words[-1])
    if family_first:
        family = family_first.split()
        at = _particles_end(family)
        if not suffix and len(family) > 1 and family[-1] in _JUNIOR:
            suffix = family.pop()
        if words[-1].islower() and words[-1] in _PARTICLES:  # `Maaten, Laurens van der`
            cut = next(at for at in range(len(words)) if all(word in _PARTICLES for word in words[at:]))
            words, family, at = words[:cut], [*words[cut:], *family], len(words) - cut
        return Name(" ".join(family[at:]), " ".join(words), " ".join(family[:at]), suffix)
    if not suffix and len(words) > 2 and words[-1] in _JUNIOR:
        suffix = words.pop()
    words[-1] = words[-1].rstrip(",")
    if len(words) == 1 or _in_whole_script(text) or _ends_in_initials(words):
        return Name(" ".join(words), suffix=suffix)
    if _SHOUTED.fullmatch(words[0]) and not any(word.isupper() for word in words[1:]):
        return Name(words[0], " ".join(words[1:]), suffix=suffix)  # `ZHANG Wei`: so the family name is marked
    start = _family_at(words)
    end = start + _particles_end(words[start:])
    return Name(" ".join(words[end:]), " ".join(words[:start]), " ".join(words[start:end]), suffix)


def _family_at(words: list[str]) -> int:
    """Where the family name begins, its particle with it."""
    last = len(words) - 1
    if all(word in _PARTICLES for word in words[:last]):
        return 0  # `van der Maaten`
    for at in range(1, last):
        word = words[at]
        if word in _PARTICLES or (word in _CAPITAL and not _is_vietnamese(words, word)):
            return at
        if word in _INSIDE:
            return max(at - 1, 1)
        if word.startswith(("d'", "d’")):
            return at
    if words[last].lower() in _BRAZILIAN and last >= 2 and len(words[last - 1].rstrip(".")) > 1:
        return last - 1
    return last


def _is_vietnamese(words: Iterable[str], but: str) -> bool:
    """Whether `Van`, `Le` or `La` is a name of its own, as it is beside others of Vietnam."""
    if but not in ("Van", "Le", "La"):
        return False
    return any(anyascii(word).lower() in _VIETNAMESE for word in words if word != but)


def _particles_end(family: list[str]) -> int:
    return next((at for at, word in enumerate(family[:-1]) if word not in _PARTICLES), len(family) - 1)


def _is_group(words: list[str]) -> bool:
    if not words:
        return False
    text, lower = " ".join(words), [word.lower() for word in words]
    if (
        words[0] == "the"
        or (words[0] in _COMPANIES and len(words) > 1)
        or (lower[0] == "team" and len(words) > 1)
        or re.search(r"[-.]\s?(?:AI|ai)$", text)
    ):
        return True
    if any(word.strip(".,") in _GROUPS for word in lower[1:]) or "AI" in words[1:]:
        return True
    text = _FOOTNOTE.sub("", text) if len(words) > 1 else text
    return bool(_GROUP_SIGNS.search(text))


def _ends_in_initials(words: list[str]) -> bool:
    """`Venktesh V`, `Guru Prasath SL`: which name is whose is not to be known. But `Weinan E` has a family."""
    last = words[-1]
    return _is_initial(last) and not (len(words) == 2 and last in ("E", "O", "U", "I"))


def _is_initial(word: str) -> bool:
    return word[0].isupper() and _INITIALS_BEHIND.fullmatch(word) is not None


def _in_whole_script(text: str) -> bool:
    return any(not char.isascii() and unicodedata.name(char, "").startswith(_WHOLE_SCRIPTS) for char in text)


@lru_cache(16_384)  # a digest names the same authors in every channel
def _initials(given: str) -> str:
    """`Jean-Pierre` is J.-P., `J.K.` is J. K., `C.-P.` stays, `Yann "Y" A` is Y. A."""
    initials = ""
    for word in _ASIDE.sub(" ", given).split():
        if word.isupper() and len(word) <= 3 and _INITIALS_BEHIND.fullmatch(word) and word != "MD":
            word = ".".join(word)
        for hyphen, part in _PART_OF_GIVEN.findall(word):
            gap = "-" if hyphen and initials else " "
            initials += f"{gap}{_first_character(part).upper()}."
    return initials.strip()


def _first_character(word: str) -> str:
    end = 1
    while end < len(word) and unicodedata.category(word[end])[0] == "M":
        end += 1
    return word[:end]


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))
