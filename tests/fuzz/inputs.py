"""Inputs: what is known to be read, changed in ways that parsers tend to stumble over."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from tests.fuzz.documents import changed_value

#: Bytes of the longest input; bounds are for those who parse to keep, and a few inputs are as long as this.
LONGEST = 60_000

#: Of all inputs, how many are as long as they may be.
_LONG = 0.0003
#: Of inputs that are JSON, in how many values are changed instead of bytes, of which most make it none.
BY_VALUE = 0.6

#: Pieces that mean something to somebody: syntax of every language that is read here, and odd characters.
TOKENS: tuple[bytes, ...] = tuple(
    token.encode("utf-8", "surrogatepass")
    for token in (
        *("<", ">", "&", "&amp;", "&#0;", "&#x110000;", "&lt;script&gt;"),
        *("<![CDATA[", "]]>", "<!--", "-->", "<a href='x'>"),
        *("<!DOCTYPE x [<!ENTITY a 'b'>]>", "</entry>", "<title>"),
        *("<br/>", "<script>alert(1)</script>", "javascript:x"),
        *('"', "'", "“", "”", "(", ")", "[", "]", "{", "}", "{}"),
        *("[]", "null", "true", "1e999", "-0", "NaN", "\\ud800"),
        *(":", ",", ";", "|", "*", "**", "_", "~", "`", "```", "||"),
        *("~~", "> ", "# ", "- ", "-", "--", "—", "..", "...", "\\"),
        *("OR", "AND", "NOT", " OR ", "-(", "like:", "about:", "author:"),
        *("cat:cs.*", "upvotes:>=", "date:2026-04", "~3/day"),
        *("sort:new", "id:2604.13035", "arXiv:2604.13035v2"),
        *("https://arxiv.org/abs/2604.13035", "https://doi.org/10.1/x"),
        *("10.1101/2026.01.01", "$x^2$", "\\frac{a}{b}", "\\mathbb{R}"),
        *("\\'e", "{\\\"o}", "\\", "$$", "_{", "^{", "\\begin{"),
        *("daily 09:00", "weekdays", "mon,thu 17:30", "cron 0 9 * * mon-fri"),
        *("monthly 31", "24:00", "25:61", "L", "Europe/"),
        *("<@U0ADA>", "<!channel>", "<!here|x>", "<#C0|x>", "<@&5>"),
        *("@everyone", "<t:1:F>", "<https://x|y>", "mailto:a@b"),
        *("\0", "\n", "\r\n", "\t", "\u2028", "\u200b", "\u202e"),
        *("\ufeff", "\ufffd", "é", "e\u0301", "ß", "ﬁ", "Ａ", "量子"),
        *("👩‍👩‍👧", "🇩🇪", "\ud800", "\U0010ffff", "İ", "ı", "ς", "Å"),
        *("１２", "٣", "½", "²", "\x1b[31m", "%00", "%s", "{0}"),
        *("0", "1", "-1", "2147483648", "9" * 30, "1" * 400, "a" * 300),
        *("(" * 60, "[" * 200, '{"a":' * 80, "../", "file:///x"),
    )
)  # fmt: skip


class Inputs:
    """Endless inputs for one target, the same for the same seed. `corpus` is what its input looks like."""

    def __init__(self, corpus: Sequence[bytes], seed: int) -> None:
        self._corpus = [one[:LONGEST] for one in corpus] or [b""]
        self._chance = random.Random(seed)

    def __iter__(self) -> Iterator[bytes]:
        yield from self._corpus
        while True:
            yield self._changed()

    def _changed(self) -> bytes:
        if self._chance.random() < _LONG:
            return self._long()
        chosen = self._chance.choice(self._corpus)
        if chosen[:1] in (b"{", b"[") and self._chance.random() < BY_VALUE:
            for _ in range(1 + int(self._chance.expovariate(1))):
                chosen = changed_value(chosen, self._chance, TOKENS) or chosen
            return chosen[:LONGEST]
        data = bytearray(chosen)
        for _ in range(1 + int(self._chance.expovariate(0.5))):
            self._change(data)
        return bytes(data[:LONGEST])

    def _long(self) -> bytes:
        """One with a piece that is said again and again: what takes long for it may take hours for more."""
        data = bytearray(self._chance.choice(self._corpus))
        at = int(self._chance.random() * (len(data) + 1))
        end = min(len(data), at + int(self._chance.expovariate(1 / 6)) + 1)
        piece = bytes(data[at:end]) if end > at and self._chance.random() < 0.5 else self._chance.choice(TOKENS)
        data[at:at] = piece * ((LONGEST - len(data)) // len(piece))
        return bytes(data)

    def _change(self, data: bytearray) -> None:
        chance = self._chance
        size = len(data)
        at = int(chance.random() * (size + 1))
        end = min(size, at + int(chance.expovariate(1 / 12)) + 1)
        match int(chance.random() * 9):
            case 0 | 1:
                data[at:at] = chance.choice(TOKENS)
            case 2:
                data[at:end] = chance.choice(TOKENS)
            case 3:
                del data[at:end]
            case 4:
                data[at:at] = data[at:end]
            case 5 if at < size:
                data[at] ^= 1 << int(chance.random() * 8)
            case 6 if at < size:
                data[at] = int(chance.random() * 256)
            case 7:
                other = chance.choice(self._corpus)
                start = int(chance.random() * (len(other) + 1))
                data[at:end] = other[start : start + int(chance.expovariate(1 / 40))]
            case _ if chance.random() < 0.1:
                del data[at:]
