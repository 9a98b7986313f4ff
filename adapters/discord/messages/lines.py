"""Blocks of a message as lines of Markdown, and how much room each of them gets.

They are the same in embeds and in text displays.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.discord.messages.markup import (
    BACKTICK,
    ELLIPSIS,
    clean,
    escaped,
    length,
    link,
    spans,
    unmarked,
    usable_url,
)
from adapters.discord.messages.mentions import for_whom
from bot.messages.message import Button, Code, Document, Heading, Note, PaperBlock, Paragraph, Thumbs

TITLE = 256

_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_LEFT_TO_RIGHT_MARK = "\u200e"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text. `number` is the number on a paper's buttons, where they stand elsewhere."""

    block: Heading | Paragraph | Note | Code | Document | PaperBlock
    number: int | None = None

    def fit(self, limit: int) -> str:
        match self.block:
            case Heading(text=text):
                return f"### {words}" if (words := unmarked(text, min(limit - 4, TITLE))) else ""
            case Paragraph(spans=parts):
                return spans(parts, limit)
            case Note(spans=parts):
                return f"-# {words}" if (words := spans(parts, limit - 3)) else ""
            case Code(text=text) | Document(text=text):
                return _code(text, limit)
            case PaperBlock():
                return line_of(self.block, limit, f"{self.number}. " if self.number else "• ")

    def size(self, limit: int) -> int:
        return length(self.fit(limit)) + 1


def fair_share(sizes: Sequence[int], total: int) -> int:
    """The most that each may have so that all of them together stay within the total."""
    left, share = total, total
    for waiting, size in zip(range(len(sizes), 0, -1), sorted(sizes), strict=True):
        share = left // waiting
        if size > share:
            return share
        left -= size
    return total


def card_buttons(paper: PaperBlock) -> tuple[Button, ...]:
    """A card's buttons: its own, or for one in a list the vote for it and the one that opens everything else."""
    if paper.buttons:
        return paper.buttons
    vote = () if paper.thumbs is None else (vote_button(paper.thumbs),)
    return (*vote, paper.opens) if paper.opens is not None else (*vote, *paper.menu)


def vote_button(thumbs: Thumbs) -> Button:
    """The vote for a paper; the one against it is first behind the button beside it."""
    return Button(f"👍 {thumbs.up}" if thumbs.up else "👍", thumbs.up_line)


def line_of(paper: PaperBlock, limit: int, mark: str = "") -> str:
    """A line of a list: the title as a link, what there is to say in a word, and below it why a search found it."""
    room = limit - len(mark)
    facts = escaped(" · ".join(paper.facts), min(90, room // 4))
    if (people := for_whom(paper.people)) and length(people) <= room // 4:
        facts = f"{facts} · {people}" if facts else people
    title = link(paper.title or paper.paper_id, paper.url, room - (length(facts) + 3 if facts else 0) - 1)
    if not paper.title.isascii() and any(map(_is_right_to_left, paper.title)):
        title += _LEFT_TO_RIGHT_MARK  # else the facts would stand on the wrong side of it, and backwards
    written = f"{mark}{title} · {facts}" if facts else f"{mark}{title}"
    snippet = spans(paper.snippet, limit - length(written) - 1)
    return f"{written}\n{snippet}" if snippet else written


def _is_right_to_left(character: str) -> bool:
    return unicodedata.bidirectional(character) in _RIGHT_TO_LEFT


def facts_and_links(paper: PaperBlock, limit: int) -> str:
    """Facts and links, as many of them as fit as a whole."""
    written = ""
    addresses = [(place.label, address) for place in paper.links if (address := usable_url(place.url))]
    parts = [for_whom(paper.people)] if for_whom(paper.people) else []
    parts += [escaped(fact, 80) for fact in paper.facts if clean(fact)]
    parts += [f"[{unmarked(label, 40) or ELLIPSIS}]({address})" for label, address in addresses]
    for part in parts:
        longer = f"{written} · {part}" if written else part
        if length(longer) <= limit:
            written = longer
    return written


def _code(text: str, limit: int) -> str:
    """Monospaced lines, cut at an empty line where there is one.

    Nothing is escaped in there, so a fence within them loses its meaning otherwise.
    """
    body = "\n".join(line.rstrip() for line in text.replace("`", BACKTICK).splitlines())
    body = "".join(character for character in body if character == "\n" or character.isprintable())
    room = limit - len("```\n\n```")
    if not body.strip() or room <= 0:
        return ""
    if length(body) > room:
        body = body[: max(0, room - 1)]
        while length(body) > room - 1:
            # Each character takes two units at most, so half of the surplus goes at least.
            body = body[: len(body) - max(1, (length(body) - room + 1) // 2)]
        whole, _, _ = body.rpartition("\n\n")
        body = (whole or body).rstrip() + ELLIPSIS
    return f"```\n{body}\n```"
