"""Neutral messages as Discord shows them: embeds, rows of buttons, and who is notified.

Limits: https://docs.discord.com/developers/resources/message#embed-object-embed-limits and
https://docs.discord.com/developers/components/reference. Every string comes from outside and is escaped; whatever does
not fit is cut where it hurts least, so that Discord never refuses a message for its size.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from adapters.discord.messages.colours import DEFAULT, colour_of
from adapters.discord.messages.components import ButtonGroup, fits, numbered, rows_of
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
from adapters.discord.messages.mentions import role_of
from bot.channels.channel import Style
from bot.messages.message import (
    Block,
    Buttons,
    Code,
    Document,
    Heading,
    Items,
    Message,
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
CONTENT = 200  # of Discord's 2,000: a sentence beside a mention
#: Pieces of one message; with this many each of them has room for a line.
PIECES = 30
#: What a piece has at most before the pieces are weighed against each other.
LONGEST_PIECE = 3500

#: A row of buttons for each card, and one for what belongs to the whole digest.
CARDS_PER_MESSAGE = 4
CARDS_WITH_ABSTRACT_PER_MESSAGE = 2
LINES_PER_MESSAGE = 10

_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_LEFT_TO_RIGHT_MARK = "\u200e"

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The parts of a message that Discord takes, as JSON."""

    content: str = ""
    embeds: list[Payload] = field(default_factory=list)
    components: list[Payload] = field(default_factory=list)
    files: tuple[Document, ...] = ()
    allowed_mentions: Payload = field(default_factory=lambda: {"parse": []})

    @property
    def payload(self) -> Payload:
        """The body of a request, empty parts left out. Files are not part of it."""
        body: Payload = {"allowed_mentions": self.allowed_mentions, "embeds": self.embeds}
        if self.content:
            body["content"] = self.content
        if self.components:
            body["components"] = self.components
        return body


def papers_per_message(style: Style, *, abstracts: bool) -> int:
    """How many papers surely fit, each with its title, its facts and its buttons."""
    if style is not Style.CARDS:
        return LINES_PER_MESSAGE
    return CARDS_WITH_ABSTRACT_PER_MESSAGE if abstracts else CARDS_PER_MESSAGE


def render(message: Message, *, key: str = "", pictures: bool = True, files: bool = False) -> Rendered:
    """One message, whatever must be cut for it.

    `key` is put behind the first paper's address (`#key`), where nobody sees it and the message can be told from all
    others by reading it back. Without `pictures` there is nothing in the message that Discord would have to fetch.
    With `files` documents are attached, else they stand in the message as far as there is room.
    """
    blocks = list(_marked(message.blocks, key)) if key else list(message.blocks)
    components, unfit = rows_of(_button_groups(blocks, message.first))
    if unfit:
        blocks.append(Note((Span("Or type: "), Span(f"/papers {unfit[0]}", code=True))))
    attached = tuple(block for block in blocks if isinstance(block, Document)) if files else ()
    blocks = [block for block in blocks if block not in attached]
    colour = colour_of(message.topics[0]) if len(message.topics) == 1 else DEFAULT
    pieces = list(_pieces(blocks, pictures=pictures, colour=colour, first=message.first))
    if len(pieces) > PIECES:
        pieces = [*pieces[: PIECES - 1], _Line(Note((Span(ELLIPSIS),)))]
    embeds = _embeds(pieces, colour)
    if len(embeds) > EMBEDS:
        pieces = [_Line(replace(one.paper, compact=True)) if isinstance(one, _Card) else one for one in pieces]
        embeds = _embeds(pieces, colour)
    role = role_of(message.mention)
    return Rendered(
        # The text beside the mention is what a phone shows; without a mention the embeds speak for themselves.
        content=f"<@&{role}> {escaped(message.summary, CONTENT)}" if role else "",
        embeds=embeds or [{"description": escaped(message.summary, DESCRIPTION) or ELLIPSIS, "color": colour}],
        components=components,
        files=attached,
        allowed_mentions={"parse": [], "roles": [role]} if role else {"parse": []},
    )


def render_all(message: Message, *, files: bool = False) -> list[Rendered]:
    """As many messages as it takes to show it all, for answers to a person."""
    groups: list[tuple[Block, ...]] = [()]
    for unit in _units(message.blocks):
        group = (*groups[-1], *unit)
        if groups[-1] and not _fits(group, files=files):
            groups.append(unit)
        else:
            groups[-1] = group
    if len(groups) == 1:
        return [render(replace(message, mention=""), files=files)]
    counts = [sum(_is_numbered(block) for block in group) for group in groups]
    firsts = accumulate(counts, initial=message.first or 1)
    return [
        render(replace(message, blocks=group, mention="", first=first), files=files)
        for group, first in zip(groups, firsts, strict=False)
    ]


def _units(blocks: Sequence[Block]) -> Iterator[tuple[Block, ...]]:
    """The blocks in groups that belong together: what is said, the small print on it, and the buttons for it."""
    unit: tuple[Block, ...] = ()
    for block in blocks:
        if unit and not isinstance(block, Note | Code | Buttons):
            yield unit
            unit = ()
        unit = (*unit, block)
    yield unit


def has_marker(message: Payload, key: str) -> bool:
    """Whether that message of Discord's is the one that was rendered with this key."""
    texts = (str(embed.get(part) or "") for embed in message.get("embeds", ()) for part in ("url", "description"))
    return any(f"#{key}" in text for text in texts)


def can_be_marked(message: Message) -> bool:
    """Whether `has_marker` could find it again."""
    return _marked_place(message.blocks) is not None


def _marked(blocks: Sequence[Block], key: str) -> Iterator[Block]:
    marked = _marked_place(blocks)
    for place, block in enumerate(blocks):
        if place == marked and isinstance(block, PaperBlock):
            yield replace(block, url=f"{block.url.partition('#')[0]}#{key}")
        else:
            yield block


def _marked_place(blocks: Sequence[Block]) -> int | None:
    """The first paper with an address that is sure to be shown whole."""
    for place, block in enumerate(blocks):
        if isinstance(block, PaperBlock) and 0 < length(usable_url(block.url)) <= 100:
            return place
    return None


# --- Pieces: what is weighed and cut -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
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
                return _compact(self.block, limit)

    def size(self, limit: int) -> int:
        return length(self.fit(limit)) + 1


@dataclass(frozen=True, slots=True)
class _Card:
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
        if description := _card_text(paper, room):
            embed["description"] = description
        return embed

    def size(self, limit: int) -> int:
        return _size_of(self.fit(limit))


_Piece = _Line | _Card


def _pieces(blocks: Sequence[Block], *, pictures: bool, colour: int = DEFAULT, first: int = 0) -> Iterator[_Piece]:
    numbers = _numbers(blocks, first)
    for place, block in enumerate(blocks):
        match block:
            case PaperBlock(compact=False):
                yield _Card(block, numbers.get(place), pictures, colour)
            case Items(items=items):
                for item in items:
                    yield _Line(Paragraph((Span("• "), *item)))
            case Heading() | Paragraph() | Note() | Code() | Document() | PaperBlock():
                yield _Line(block)
            case _:
                continue  # buttons have rows of their own, and embeds divide by themselves


def _numbers(blocks: Sequence[Block], first: int) -> dict[int, int]:
    """Numbers for the papers with buttons, by their place, when there are several of them: here or in all."""
    places = [place for place, block in enumerate(blocks) if _is_numbered(block)]
    return {place: number for number, place in enumerate(places, first or 1)} if first or len(places) > 1 else {}


def _is_numbered(block: Block) -> bool:
    return isinstance(block, PaperBlock) and bool(block.buttons)


def _button_groups(blocks: Sequence[Block], first: int = 0) -> list[ButtonGroup]:
    numbers = _numbers(blocks, first)
    groups = []
    for place, block in enumerate(blocks):
        if isinstance(block, Buttons):
            groups.append(ButtonGroup(block.buttons))
        elif isinstance(block, PaperBlock) and place in numbers:
            groups.append(ButtonGroup(block.buttons, number=str(numbers[place]), subject=block.title or block.paper_id))
        elif isinstance(block, PaperBlock):
            groups.append(ButtonGroup(block.buttons))
    return numbered(groups)


def _embeds(pieces: Sequence[_Piece], colour: int = DEFAULT) -> list[Payload]:
    """The pieces in their order, cards in embeds of their own, all within the limits of a message."""
    # Nothing grows beyond what it was measured with, however much room there is: a description has a limit of its own.
    share = min(_fair_share([piece.size(LONGEST_PIECE) for piece in pieces], ALL_EMBEDS), LONGEST_PIECE)
    embeds: list[Payload] = []
    prose: Payload | None = None
    for piece in pieces:
        if isinstance(piece, _Card):
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


def _fits(blocks: tuple[Block, ...], *, files: bool) -> bool:
    """Whether they fit into one message with nothing cut that another message would show."""
    shown = [block for block in blocks if not (files and isinstance(block, Document))]
    pieces = list(_pieces(shown, pictures=False))
    return (
        len(pieces) <= PIECES
        and len(_embeds(pieces)) <= EMBEDS
        and sum(piece.size(LONGEST_PIECE) for piece in pieces) <= ALL_EMBEDS
        and fits(_button_groups(blocks))
    )


def _size_of(embed: Payload) -> int:
    """What an embed counts towards the limit of a message."""
    return sum(length(embed.get(part, "")) for part in ("title", "description")) + length(
        embed.get("footer", {}).get("text", "")
    )


# --- Texts ----------------------------------------------------------------------------------------------------------


def _compact(paper: PaperBlock, limit: int) -> str:
    """A line of a list: the title as a link, and what there is to say in a word."""
    facts = escaped(" · ".join(paper.facts), min(90, limit // 4))
    room = limit - 2 - (length(facts) + 3 if facts else 0)
    title = link(paper.title or paper.paper_id, paper.url, room - 1)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in paper.title):
        title += _LEFT_TO_RIGHT_MARK  # else the facts would stand on the wrong side of it, and backwards
    return f"• {title} · {facts}" if facts else f"• {title}"


def _card_text(paper: PaperBlock, limit: int) -> str:
    """What is below a card's title. The abstract is cut first, then the snippet, the summary, and who wrote it."""
    room = limit - 6  # what separates the five parts
    where = _where(paper, room)
    room -= length(where)
    byline = escaped(paper.byline, room)
    room -= length(byline)
    summary = escaped(paper.summary, room)
    room -= length(summary)
    snippet = spans(paper.snippet, room)
    abstract = escaped(paper.abstract, room - length(snippet))
    if abstract:
        abstract = f"\n{abstract}\n"
    return "\n".join(part for part in (summary, snippet, byline, abstract, where) if part).strip("\n")


def _where(paper: PaperBlock, limit: int) -> str:
    """Facts and links, as many of them as fit as a whole."""
    written = ""
    addresses = [(place.label, address) for place in paper.links if (address := usable_url(place.url))]
    parts = [escaped(fact, 80) for fact in paper.facts if clean(fact)]
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
