"""From the neutral message to Slack's: blocks for the eye, and a text for notifications and screen readers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from adapters.slack.client.payloads import DIRECT_MESSAGE_PREFIX, Json
from adapters.slack.messages import block_kit, limits
from adapters.slack.messages.cards import paper_blocks, size_of_people
from adapters.slack.messages.mentions import mention_element
from bot.channels.channel import Style
from bot.messages.message import (
    Block,
    Buttons,
    Code,
    Divider,
    Document,
    Heading,
    Items,
    Message,
    Note,
    PaperBlock,
    Paragraph,
    Span,
)
from bot.messages.plain import plain_text
from bot.text.shortening import shorten, split_text

#: Escaping makes a character five at most, so this many always stay within `limits.TEXT`.
_LONGEST_TEXT: Final = limits.TEXT // 5
#: What somebody's conversation with another person is called.
_UNSEEN: Final = "a conversation of yours"
#: Room in a message with papers for all that is not a paper: mention, heading, topics, divider, a button.
_FRAME: Final = 1_500
#: Characters of JSON for one paper: a line of a list, a card, a card with its abstract.
_LINE, _CARD, _CARD_WITH_ABSTRACT = 520, 2_100, 3_900
#: The same for a line and a card in a message that would be too long, shorter and shorter: at the last each card still
#: has its title, a part of its reason, thumbs and menu, and each line its title.
_SHORTEST_CARD: Final = 1_500
_SHORTER: Final = ((400, _CARD), (340, _CARD), (290, _CARD), (290, 1_800), (290, _SHORTEST_CARD))
#: Where addresses alone fill a message: those that are longer lead nowhere, so that all papers are shown.
_LONGEST_ADDRESSES: Final = (1_000, 400, 200)
#: Characters that a line does not take where it goes on with the list before it.
_EMPTY_LIST: Final = block_kit.size([block_kit.rich(block_kit.bullets([]))]) - len(",")
#: Characters of JSON that a picture beside a summary takes, about.
_PICTURE: Final = 200
#: Papers of a brief digest that surely fit into one message: the first ones are cards.
_BRIEF: Final = 15
#: Characters of one part of a document; five of them fill a message well.
_PART: Final = 2_000
#: Room for one list; the rest of the message is there for what is around it.
_LIST: Final = limits.MESSAGE - 1_000


@dataclass(frozen=True, slots=True)
class Payload:
    """One of Slack's messages. `text` is escaped and meant to be sent with `mrkdwn` off."""

    text: str
    blocks: tuple[Json, ...]


def papers_per_message(style: Style, *, abstracts: bool) -> int:
    """How many papers of a digest surely fit into one message, whatever their titles and summaries are."""
    if style is Style.BRIEF:
        return _BRIEF
    if style is not Style.CARDS:
        return (limits.MESSAGE - _FRAME) // _LINE
    return (limits.MESSAGE - _FRAME) // (_CARD_WITH_ABSTRACT if abstracts else _SHORTEST_CARD)


def render(message: Message, *, line: int = _LINE, card: int = _CARD, people: bool = True) -> list[Payload]:
    """The message as Slack's messages: one wherever it fits, several where it must be split, in their order.

    `line` and `card` are the characters of JSON for a paper: with less, less is said about each. With `people` those
    whom it is for have room besides: whoever is not named is not notified.
    """
    chunks = [_sized(_mention(message.mention))]
    for block in message.blocks:
        if isinstance(block, PaperBlock):
            budget = line if block.compact else _CARD_WITH_ABSTRACT if block.abstract else card
            chunks.append(_paper(block, budget + (size_of_people(block) if people else 0)))
        elif isinstance(block, Buttons | Document):
            # Rows of buttons and long documents may part; everything else of one neutral block stays together.
            chunks += [_sized([row]) for row in _rendered(block)]
        else:
            chunks.append(_other(block))
    pages: list[list[Json]] = [[]]
    room = limits.MESSAGE - len("[]")
    for chunk, size in chunks:
        goes_on = bool(pages[-1] and chunk) and block_kit.has_list(pages[-1][-1]) and block_kit.has_list(chunk[0])
        cost = size - _EMPTY_LIST if goes_on else size
        if pages[-1] and (cost > room or len(pages[-1]) + len(chunk) > limits.BLOCKS):
            pages.append([])
            room, cost = limits.MESSAGE - len("[]"), size
        pages[-1] += chunk
        room -= cost
    text = _spoken(message)
    return [Payload(text, tuple(block_kit.with_joined_lists(page))) for page in pages]


def render_one(message: Message) -> Payload | None:
    """The message as one of Slack's messages, with less about each of its papers where it would not fit.

    None for one that does not fit even so: nothing of it may be left out unnoticed.
    """
    pages = render(message)
    if len(pages) == 1:
        return pages[0]
    excess = sum(block_kit.size(page.blocks) for page in pages) - limits.MESSAGE
    for shorter, (line, card), people in _shorter_variants(message, excess):
        pages = render(shorter, line=line, card=card, people=people)
        if len(pages) == 1:
            return pages[0]
    return None


def _shorter_variants(message: Message, excess: int) -> Iterator[tuple[Message, tuple[int, int], bool]]:
    """The message with less and less about each paper, the characters for a line and a card of it, and whether the
    people whom it is for have room besides.

    Pictures go first, from the last card on, beginning with about as many as make up for the `excess`.
    """
    pictures = sum(bool(block.thumbnail_url) for block in message.blocks if isinstance(block, PaperBlock))
    for kept in range(max(0, pictures - math.ceil(excess / _PICTURE)), -1, -1):
        yield _with_pictures(message, kept), (_LINE, _CARD), True
    bare = _with_pictures(message, 0)
    for budget in _SHORTER:
        yield bare, budget, True
    if any(block.people for block in bare.blocks if isinstance(block, PaperBlock)):
        for budget in ((_LINE, _CARD), *_SHORTER):
            yield bare, budget, False
    less: dict[str, Any] = {}
    shortest = bare
    for changes in (
        {"abstract": ""},
        {"summary": "", "snippet": (), "reason": ()},
        {"compact": True, "buttons": (), "thumbs": None, "menu": (), "opens": None},
    ):
        less |= changes
        blocks = (replace(block, **less) if isinstance(block, PaperBlock) else block for block in bare.blocks)
        shortest = replace(bare, blocks=tuple(blocks))
        yield shortest, _SHORTER[-1], False
    for longest in _LONGEST_ADDRESSES:
        yield _without_addresses(shortest, longest), _SHORTER[-1], False


def _without_addresses(message: Message, longest: int) -> Message:
    """The message with papers that lead nowhere where their address is longer."""
    blocks = (
        replace(block, url="") if isinstance(block, PaperBlock) and len(block.url) > longest else block
        for block in message.blocks
    )
    return replace(message, blocks=tuple(blocks))


def _with_pictures(message: Message, kept: int) -> Message:
    """The message with the pictures of so many papers, the first ones that have one."""
    blocks: list[Block] = []
    for block in message.blocks:
        if isinstance(block, PaperBlock) and block.thumbnail_url:
            kept -= 1
            blocks.append(block if kept >= 0 else replace(block, thumbnail_url=""))
        else:
            blocks.append(block)
    return replace(message, blocks=tuple(blocks))


def content_of(payload: Payload) -> Json:
    """What a message says, with everything off by which Slack would read more into it."""
    return {
        "text": payload.text,
        "blocks": list(payload.blocks),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def with_channel_name(payload: Payload, channel_id: str) -> Payload:
    """The message with what its reader calls a channel, wherever it has the id because we know no name."""
    if channel_id.startswith(DIRECT_MESSAGE_PREFIX):
        spoken, name = _UNSEEN, block_kit.words(_UNSEEN)
    else:
        spoken, name = f"<#{channel_id}>", {"type": "channel", "channel_id": channel_id}
    blocks = [block_kit.with_channel_name(block, channel_id, name) for block in payload.blocks]
    return Payload(payload.text.replace(channel_id, spoken), tuple(blocks))


def _mention(mention: str) -> list[Json]:
    element = mention_element(mention)
    return [block_kit.rich(element)] if element else []


def _rendered(block: Block) -> list[Json]:
    match block:
        case Heading(text=text):
            return [block_kit.header(text)] if block_kit.printable(text).strip() else []
        case Paragraph(spans=spans):
            return _rich_line(spans)
        case Note(spans=spans):
            # Small print is plain, except where it has somewhere to go.
            if any(span.url for span in spans):
                return _rich_line(spans)
            words = "".join(span.text for span in spans)
            return [block_kit.context(words)] if block_kit.printable(words).strip() else []
        case Code(text=text):
            return [block_kit.rich(block_kit.preformatted(text))] if block_kit.printable(text) else []
        case Document(text=text):
            return _document(text)
        case Items(items=items):
            return _list(items)
        case Divider():
            return [block_kit.divider()]
        case Buttons(buttons=buttons):
            return block_kit.actions(buttons)
        case PaperBlock():
            raise AssertionError("papers have a budget of their own")


@lru_cache(512)
def _paper(block: PaperBlock, budget: int) -> tuple[tuple[Json, ...], int]:
    """A paper's blocks, which nobody changes, and their size: what many channels get is made once."""
    return _sized(paper_blocks(block, budget))


@lru_cache(512)
def _other(block: Block) -> tuple[tuple[Json, ...], int]:
    """The same of what stands around papers."""
    return _sized(_rendered(block))


def _sized(blocks: Sequence[Json]) -> tuple[tuple[Json, ...], int]:
    return tuple(blocks), block_kit.size(blocks)


def _rich_line(spans: Sequence[Span]) -> list[Json]:
    line = block_kit.line_of(spans)
    return [block_kit.rich(line)] if line["elements"] else []


def _document(text: str) -> list[Json]:
    """The text as it is: an app cannot give a file to one person alone."""
    parts = split_text(block_kit.printable(text).rstrip(), _PART)
    return [block_kit.rich(block_kit.preformatted(part)) for part in parts if part.strip()]


def _list(items: Iterable[Sequence[Span]]) -> list[Json]:
    """A bulleted list, which is not split: what a message cannot hold is left out and said to be."""
    lines: list[Json] = []
    room = _LIST
    left_out = 0
    for item in items:
        line = block_kit.line_of(item)
        room -= block_kit.size(line) + 1
        if left_out or room < 0:
            left_out += 1
        elif line["elements"]:
            lines.append(line)
    if left_out:
        lines.append(block_kit.section(block_kit.words(f"… and {left_out} more", italic=True)))
    return [block_kit.rich(block_kit.bullets(lines))] if lines else []


def _spoken(message: Message) -> str:
    """What a notification shows and a screen reader says: the summary first, then the rest as far as it goes."""
    lines = [block_kit.printable(line) for line in (message.summary, *map(_spoken_line, message.blocks))]
    # The summary of an answer is its first line, which need not be said twice.
    said = "\n".join(dict.fromkeys(" ".join(line.split()) for line in lines if line.strip()))
    return block_kit.escape(shorten(said, _LONGEST_TEXT)) or "Paper Round"


def _spoken_line(block: Block) -> str:
    match block:
        case PaperBlock(title=title):
            return title
        case Heading(text=text):
            return text
        case Buttons() | Divider():
            return ""
        case _:
            return plain_text(Message(summary="", blocks=(block,)))
