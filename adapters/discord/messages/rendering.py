"""Neutral messages as Discord shows them: as layouts or with embeds, with buttons, and who is notified.

A message that shows papers is a layout (Components V2), any other one is text with embeds.

Every string comes from outside and is escaped; whatever does not fit is cut where it hurts least, so that Discord never
refuses a message for its size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import accumulate

from adapters.discord.messages.colours import DEFAULT, colour_of
from adapters.discord.messages.components import TEXT_DISPLAY, ButtonGroup, action_rows, fits, numbered, texts_of
from adapters.discord.messages.embeds import (
    ALL_EMBEDS,
    EMBEDS,
    LONGEST_PIECE,
    Card,
    Payload,
    embeds_of,
    is_numbered,
    paper_numbers,
    pieces_of,
)
from adapters.discord.messages.layouts import FLAG, fits_layout, layout_of
from adapters.discord.messages.lines import TITLE, Line, card_buttons
from adapters.discord.messages.markers import with_marker
from adapters.discord.messages.markup import ELLIPSIS, cut, escaped, length, spans, usable_url
from adapters.discord.messages.mentions import pinged, role_of
from bot.channels.channel import Style
from bot.messages.message import Block, Buttons, Code, Document, Heading, Message, Note, PaperBlock, Paragraph, Span
from bot.messages.plain import plain_text

CONTENT = 200  # of Discord's 2,000: a sentence that is what a notification shows
LONGEST_CONTENT = 1900  # the 2,000 with room for a mention and an ellipsis
#: Pieces of one message; with this many each of them has room for a line.
PIECES = 40

#: Of the 39 components a card with a picture takes six: the section with text and picture, and a row of two buttons.
CARDS_PER_MESSAGE = 5
CARDS_WITH_ABSTRACT_PER_MESSAGE = 2
#: Of the 4,000 characters a line has 180 and more.
LINES_PER_MESSAGE = 20
#: Five cards of up to 500 characters, and lines.
PAPERS_IN_BRIEF = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The parts of a message that Discord takes, as JSON. A `layout` has only components."""

    content: str = ""
    embeds: list[Payload] = field(default_factory=list)
    components: list[Payload] = field(default_factory=list)
    files: tuple[Document, ...] = ()
    allowed_mentions: Payload = field(default_factory=lambda: {"parse": []})
    layout: bool = False

    @property
    def payload(self) -> Payload:
        """The body of a request, empty parts left out. Files are not part of it."""
        if self.layout:
            return {"allowed_mentions": self.allowed_mentions, "flags": FLAG, "components": self.components}
        body: Payload = {"allowed_mentions": self.allowed_mentions, "content": self.content}
        if self.embeds:
            body["embeds"] = self.embeds
        if self.components:
            body["components"] = self.components
        return body

    def with_words(self, markdown: str) -> Rendered:
        """The message with some more words at its end."""
        if not self.layout:
            return replace(self, content=f"{self.content} {markdown}".strip())
        words = [{"type": TEXT_DISPLAY, "content": markdown}] if markdown else []
        return replace(self, components=[*self.components, *words])


def papers_per_message(style: Style, *, abstracts: bool) -> int:
    """How many papers surely fit, each with its title, its facts and its buttons."""
    match style:
        case Style.BRIEF:
            return PAPERS_IN_BRIEF
        case Style.CARDS:
            return CARDS_WITH_ABSTRACT_PER_MESSAGE if abstracts else CARDS_PER_MESSAGE
        case _:
            return LINES_PER_MESSAGE


class Form(StrEnum):
    """Forms of a message: what Discord refuses in one it may take in a plainer one.

    Without pictures there is nothing in a message that Discord would have to fetch. A plain one is text: titles and
    their addresses.
    """

    LAYOUT = "layout"
    LAYOUT_WITHOUT_PICTURES = "layout without pictures"
    EMBEDS = "embeds"
    EMBEDS_WITHOUT_PICTURES = "embeds without pictures"
    PLAIN = "plain"

    @property
    def is_layout(self) -> bool:
        return self in (Form.LAYOUT, Form.LAYOUT_WITHOUT_PICTURES)

    @property
    def has_pictures(self) -> bool:
        return self in (Form.LAYOUT, Form.EMBEDS)

    @property
    def plainer(self) -> Form | None:
        """The next form to try for a message that is not there yet, None where there is none."""
        return _PLAINER.get(self)


_PLAINER = {
    Form.LAYOUT: Form.LAYOUT_WITHOUT_PICTURES,
    Form.LAYOUT_WITHOUT_PICTURES: Form.EMBEDS_WITHOUT_PICTURES,
    Form.EMBEDS: Form.EMBEDS_WITHOUT_PICTURES,
    Form.EMBEDS_WITHOUT_PICTURES: Form.PLAIN,
}


def form_of(message: Message) -> Form:
    """The form that shows a message best. Files stand below a text, and not in a layout."""
    papers = any(isinstance(block, PaperBlock) for block in message.blocks)
    files = any(isinstance(block, Document) for block in message.blocks)
    return Form.LAYOUT if papers and not files else Form.EMBEDS


def render(message: Message, *, key: str = "", form: Form | None = None, files: bool = False) -> Rendered:
    """One message, whatever must be cut for it; in the form that shows it best unless one is asked for.

    `key` is put behind the first paper's address (`#key`), where nobody sees it and the message can be told from all
    others by reading it back. With `files` documents are attached, else they stand in the message as far as there is
    room. There is always a text: it is what notifications show, and all there is for people who have embeds off.
    """
    form = form or form_of(message)
    blocks = list(with_marker(message.blocks, key)) if key else list(message.blocks)
    role = role_of(message.mention)
    people = pinged(blocks)
    ping = f"<@&{role}> " if role else ""
    # Nobody is notified by an embed.
    pings = ping + "".join(f"<@{person}> " for person in people)
    allowed_mentions: Payload = {"parse": []}
    allowed_mentions |= {"roles": [role]} if role else {}
    allowed_mentions |= {"users": people} if people else {}
    colour = colour_of(message.topics[0]) if len(message.topics) == 1 else DEFAULT
    if form is Form.PLAIN:
        return Rendered(content=pings + _plain(message.summary, blocks), allowed_mentions=allowed_mentions)
    if form.is_layout:
        lead, blocks = _lead_and_rest(message.summary, blocks)
        components = layout_of((ping + lead).rstrip(), blocks, pictures=form.has_pictures, colour=colour)
        texts = "".join(texts_of(components))
        if any(f"<@{person}>" not in texts for person in people):  # their cards have no room for them
            components = layout_of((pings + lead).rstrip(), blocks, pictures=form.has_pictures, colour=colour)
        return Rendered(components=components, allowed_mentions=allowed_mentions, layout=True)
    text, blocks = _text_and_rest(message.summary, blocks)
    components, unfit = action_rows(button_groups(blocks, message.first))
    if unfit:
        blocks.append(Note((Span("Or type: "), Span(f"/papers {unfit[0]}", code=True))))
    attached = tuple(block for block in blocks if isinstance(block, Document)) if files else ()
    blocks = [block for block in blocks if block not in attached]
    pieces = list(pieces_of(blocks, pictures=form.has_pictures, colour=colour, first=message.first))
    if len(pieces) > PIECES:
        pieces = [*pieces[: PIECES - 1], Line(Note((Span(ELLIPSIS),)))]
    embeds = embeds_of(pieces, colour)
    if len(embeds) > EMBEDS:
        pieces = [
            Line(replace(one.paper, compact=True), one.number) if isinstance(one, Card) else one for one in pieces
        ]
        embeds = embeds_of(pieces, colour)
    return Rendered(
        content=pings + text,
        embeds=embeds,
        components=components,
        files=attached,
        allowed_mentions=allowed_mentions,
    )


def render_all(message: Message, *, files: bool = False, form: Form | None = None) -> list[Rendered]:
    """As many messages as it takes to show it all, for answers to a person."""
    form = form or form_of(message)
    fits_form = fits_layout if form.is_layout else partial(_fits, files=files)
    groups: list[tuple[Block, ...]] = [()]
    for unit in _units(message.blocks):
        group = (*groups[-1], *unit)
        if groups[-1] and not fits_form(group):
            groups.append(unit)
        else:
            groups[-1] = group
    if len(groups) == 1:
        return [render(replace(message, mention=""), files=files, form=form)]
    counts = [sum(is_numbered(block) for block in group) for group in groups]
    firsts = accumulate(counts, initial=message.first or 1)
    return [
        render(
            replace(
                message, summary=_part_of(message.summary, part, len(groups)), blocks=group, mention="", first=first
            ),
            files=files,
            form=form,
        )
        for part, (group, first) in enumerate(zip(groups, firsts, strict=False), 1)
    ]


def _part_of(summary: str, part: int, parts: int) -> str:
    """The text of one of several messages; the first one has the sentence itself."""
    return summary if part == 1 else f"{cut(summary, CONTENT)} ({part} of {parts})"


def _lead_and_rest(summary: str, blocks: Sequence[Block]) -> tuple[str, list[Block]]:
    """The text in front of a layout; none where the title of its first paper says the same."""
    first = blocks[0] if blocks else None
    if isinstance(first, PaperBlock) and not first.compact and first.title == summary:
        return "", list(blocks)
    text, rest = _text_and_rest(summary, blocks)
    return text if rest else "", rest or list(blocks)


def _text_and_rest(summary: str, blocks: Sequence[Block]) -> tuple[str, list[Block]]:
    """The text of a message, and what is left for embeds. A first block that says the same is not said twice."""
    first = blocks[0] if blocks else None
    if isinstance(first, Heading) and first.text == summary:
        return f"**{escaped(summary, LONGEST_CONTENT)}**", list(blocks[1:])
    if (
        isinstance(first, Paragraph)
        and not any(span.url for span in first.spans)  # Discord would show what is behind it
        and plain_text(Message(summary="", blocks=(first,))) == summary
        and (text := spans(first.spans, LONGEST_CONTENT)).strip()
    ):
        return text, list(blocks[1:])
    return escaped(summary, CONTENT) or ELLIPSIS, list(blocks)


def _plain(summary: str, blocks: Sequence[Block]) -> str:
    """Titles and addresses, as many as fit."""
    written = escaped(summary, CONTENT) or ELLIPSIS
    for block in blocks:
        if not isinstance(block, PaperBlock):
            continue
        address = usable_url(block.url)
        line = f"- {escaped(block.title or block.paper_id, TITLE)}" + (f" <{address}>" if address else "")
        if length(written) + 1 + length(line) > LONGEST_CONTENT:
            return f"{written}\n{ELLIPSIS}"
        written += f"\n{line}"
    return written


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
            number, subject = str(numbers[place]), block.title or block.paper_id
            groups.append(ButtonGroup(card_buttons(block), number=number, subject=subject))
        elif isinstance(block, PaperBlock):
            groups.append(ButtonGroup(card_buttons(block)))
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
