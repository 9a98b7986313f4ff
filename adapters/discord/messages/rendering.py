"""Neutral messages as Discord shows them: embeds, rows of buttons, and who is notified.

Every string comes from outside and is escaped; whatever does not fit is cut where it hurts least, so that Discord never
refuses a message for its size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from adapters.discord.messages.colours import DEFAULT, colour_of
from adapters.discord.messages.components import ButtonGroup, action_rows, fits, numbered
from adapters.discord.messages.embeds import (
    ALL_EMBEDS,
    DESCRIPTION,
    EMBEDS,
    LONGEST_PIECE,
    Card,
    Line,
    Payload,
    embeds_of,
    is_numbered,
    paper_numbers,
    pieces_of,
)
from adapters.discord.messages.markers import with_marker
from adapters.discord.messages.markup import ELLIPSIS, escaped
from adapters.discord.messages.mentions import role_of
from bot.channels.channel import Style
from bot.messages.message import Block, Buttons, Code, Document, Message, Note, PaperBlock, Span

CONTENT = 200  # of Discord's 2,000: a sentence beside a mention
#: Pieces of one message; with this many each of them has room for a line.
PIECES = 30

#: A row of buttons for each card, and one for what belongs to the whole digest.
CARDS_PER_MESSAGE = 4
CARDS_WITH_ABSTRACT_PER_MESSAGE = 2
LINES_PER_MESSAGE = 10


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
    blocks = list(with_marker(message.blocks, key)) if key else list(message.blocks)
    components, unfit = action_rows(button_groups(blocks, message.first))
    if unfit:
        blocks.append(Note((Span("Or type: "), Span(f"/papers {unfit[0]}", code=True))))
    attached = tuple(block for block in blocks if isinstance(block, Document)) if files else ()
    blocks = [block for block in blocks if block not in attached]
    colour = colour_of(message.topics[0]) if len(message.topics) == 1 else DEFAULT
    pieces = list(pieces_of(blocks, pictures=pictures, colour=colour, first=message.first))
    if len(pieces) > PIECES:
        pieces = [*pieces[: PIECES - 1], Line(Note((Span(ELLIPSIS),)))]
    embeds = embeds_of(pieces, colour)
    if len(embeds) > EMBEDS:
        pieces = [Line(replace(one.paper, compact=True)) if isinstance(one, Card) else one for one in pieces]
        embeds = embeds_of(pieces, colour)
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
    counts = [sum(is_numbered(block) for block in group) for group in groups]
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


def button_groups(blocks: Sequence[Block], first: int = 0) -> list[ButtonGroup]:
    numbers = paper_numbers(blocks, first)
    groups = []
    for place, block in enumerate(blocks):
        if isinstance(block, Buttons):
            groups.append(ButtonGroup(block.buttons))
        elif isinstance(block, PaperBlock) and place in numbers:
            groups.append(ButtonGroup(block.buttons, number=str(numbers[place]), subject=block.title or block.paper_id))
        elif isinstance(block, PaperBlock):
            groups.append(ButtonGroup(block.buttons))
    return numbered(groups)


def _fits(blocks: tuple[Block, ...], *, files: bool) -> bool:
    """Whether they fit into one message with nothing cut that another message would show."""
    shown = [block for block in blocks if not (files and isinstance(block, Document))]
    pieces = list(pieces_of(shown, pictures=False))
    return (
        len(pieces) <= PIECES
        and len(embeds_of(pieces)) <= EMBEDS
        and sum(piece.size(LONGEST_PIECE) for piece in pieces) <= ALL_EMBEDS
        and fits(button_groups(blocks))
    )
