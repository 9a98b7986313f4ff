"""Blocks of a message as embeds. What is too long for them is weighed, and cut where it hurts least.

Limits: https://docs.discord.com/developers/resources/message#embed-object-embed-limits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.discord.messages.colours import DEFAULT, colour_of
from adapters.discord.messages.markup import (
    BACKTICK,
    ELLIPSIS,
    clean,
    cut,
    escaped,
    length,
    link,
    spans,
    unmarked,
    usable_url,
)
from adapters.discord.messages.mentions import for_whom
from bot.messages.message import (
    Block,
    Button,
    Code,
    Document,
    Heading,
    Items,
    Note,
    PaperBlock,
    Paragraph,
    Span,
)

EMBEDS = 10  # in a message
TITLE = 256
DESCRIPTION = 4096
ALL_EMBEDS = 6000  # characters in all embeds of a message
FOOTER = 120  # of Discord's 2,048: small print should stay small
#: What a piece has at most before the pieces are weighed against each other.
LONGEST_PIECE = 3500

_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_LEFT_TO_RIGHT_MARK = "\u200e"

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an embed's description."""

    block: Heading | Paragraph | Note | Code | Document | PaperBlock

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
                return _line_of(self.block, limit)

    def size(self, limit: int) -> int:
        return length(self.fit(limit)) + 1


@dataclass(frozen=True, slots=True)
class Card:
    """A paper in an embed of its own. `number` is the number on its buttons."""

    paper: PaperBlock
    number: int | None
    picture: bool
    colour: int

    def fit(self, limit: int) -> Payload:
        paper = self.paper
        number = f"{self.number} · " if self.number else ""
        title = unmarked(paper.title or paper.paper_id, min(TITLE, limit) - length(number)) or ELLIPSIS
        colour = colour_of(paper.topics[0]) if paper.topics else self.colour
        embed: Payload = {"title": number + title, "color": colour}
        if address := usable_url(paper.url):
            embed["url"] = address
        if self.picture and (picture := usable_url(paper.thumbnail_url)):
            embed["thumbnail"] = {"url": picture}
        room = min(DESCRIPTION, limit - length(embed["title"]))
        if paper.topics and room > 2 * FOOTER:
            embed["footer"] = {"text": cut(f"Topics: {' · '.join(paper.topics)}", FOOTER)}
            room -= length(embed["footer"]["text"])
        if description := _description_of(paper, room):
            embed["description"] = description
        return embed

    def size(self, limit: int) -> int:
        return embed_size(self.fit(limit))


Piece = Line | Card


def pieces_of(blocks: Sequence[Block], *, pictures: bool, colour: int = DEFAULT, first: int = 0) -> Iterator[Piece]:
    numbers = paper_numbers(blocks, first)
    for place, block in enumerate(blocks):
        match block:
            case PaperBlock(compact=False):
                yield Card(block, numbers.get(place), pictures, colour)
            case Items(items=items):
                for item in items:
                    yield Line(Paragraph((Span("• "), *item)))
            case Heading() | Paragraph() | Note() | Code() | Document() | PaperBlock():
                yield Line(block)
            case _:
                continue  # buttons have rows of their own, and embeds divide by themselves


def paper_numbers(blocks: Sequence[Block], first: int) -> dict[int, int]:
    """Numbers for the papers with buttons, by their place, when there are several of them: here or in all."""
    places = [place for place, block in enumerate(blocks) if is_numbered(block)]
    return {place: number for number, place in enumerate(places, first or 1)} if first or len(places) > 1 else {}


def is_numbered(block: Block) -> bool:
    return isinstance(block, PaperBlock) and bool(buttons_of(block))


def buttons_of(block: PaperBlock) -> tuple[Button, ...]:
    """The votes on a paper and the way to everything else, or the buttons of a card that stands for itself."""
    thumbs = block.thumbs
    votes: tuple[Button, ...] = ()
    if thumbs is not None:
        up, down = (f"👍 {thumbs.up}" if thumbs.up else "👍"), (f"👎 {thumbs.down}" if thumbs.down else "👎")
        votes = (Button(up, thumbs.up_line), Button(down, thumbs.down_line))
    return (*votes, *((block.opens,) if block.opens else ()), *block.buttons)


def embeds_of(pieces: Sequence[Piece], colour: int = DEFAULT) -> list[Payload]:
    """The pieces in their order, cards in embeds of their own, all within the limits of a message."""
    # Nothing grows beyond what it was measured with, however much room there is: a description has a limit of its own.
    share = min(_fair_share([piece.size(LONGEST_PIECE) for piece in pieces], ALL_EMBEDS), LONGEST_PIECE)
    embeds: list[Payload] = []
    prose: Payload | None = None
    for piece in pieces:
        if isinstance(piece, Card):
            embeds.append(piece.fit(share))
            prose = None
            continue
        line = piece.fit(share - 1)
        if not line:
            continue
        if prose is None or length(prose.get("description", "")) + 1 + length(line) > DESCRIPTION:
            prose = {"color": colour}
            embeds.append(prose)
            if isinstance(piece.block, Heading):
                prose["title"] = line.removeprefix("### ")
                continue
        prose["description"] = f"{prose['description']}\n{line}" if "description" in prose else line
    return embeds


def _fair_share(sizes: Sequence[int], total: int) -> int:
    """The most that each may have so that all of them together stay within the total."""
    left, share = total, total
    for waiting, size in zip(range(len(sizes), 0, -1), sorted(sizes), strict=True):
        share = left // waiting
        if size > share:
            return share
        left -= size
    return total


def embed_size(embed: Payload) -> int:
    """What an embed counts towards the limit of a message."""
    return sum(length(embed.get(part, "")) for part in ("title", "description")) + length(
        embed.get("footer", {}).get("text", "")
    )


# --- Texts ----------------------------------------------------------------------------------------------------------


def _line_of(paper: PaperBlock, limit: int) -> str:
    """A line of a list: the title as a link, and what there is to say in a word."""
    facts = escaped(" · ".join(paper.facts), min(90, limit // 4))
    if (people := for_whom(paper.people)) and length(people) <= limit // 4:
        facts = f"{facts} · {people}" if facts else people
    room = limit - 2 - (length(facts) + 3 if facts else 0)
    title = link(paper.title or paper.paper_id, paper.url, room - 1)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in paper.title):
        title += _LEFT_TO_RIGHT_MARK  # else the facts would stand on the wrong side of it, and backwards
    return f"• {title} · {facts}" if facts else f"• {title}"


def _description_of(paper: PaperBlock, limit: int) -> str:
    """What is below a card's title. The abstract is cut first, then snippet, reason, summary, and who wrote it."""
    room = limit - 7  # what separates the six parts
    where = _facts_and_links(paper, room)
    room -= length(where)
    byline = escaped(paper.byline, room)
    room -= length(byline)
    summary = escaped(paper.summary, room)
    room -= length(summary)
    reason = spans(paper.reason, room)
    room -= length(reason)
    snippet = spans(paper.snippet, room)
    abstract = escaped(paper.abstract, room - length(snippet))
    if abstract:
        abstract = f"\n{abstract}\n"
    return "\n".join(part for part in (summary, snippet, reason, byline, abstract, where) if part).strip("\n")


def _facts_and_links(paper: PaperBlock, limit: int) -> str:
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
