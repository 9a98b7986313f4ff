"""From the neutral message to Slack's: blocks for the eye, and a text for notifications and screen readers."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.slack.client.payloads import DIRECT_MESSAGE_PREFIX, Json
from adapters.slack.messages import block_kit, limits
from adapters.slack.messages.cards import paper_blocks
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
#: Characters in a row where a message is text alone: of an abstract the beginning must do.
_LONGEST_LINE: Final = 200
#: What somebody's conversation with another person is called.
_UNSEEN: Final = "a conversation of yours"
#: Room in a message with papers for all that is not a paper: mention, heading, topics, divider, a button.
_FRAME: Final = 1_500
#: Characters of JSON for one paper: a line of a list, a card, a card with its abstract.
_LINE, _CARD, _CARD_WITH_ABSTRACT = 520, 1_500, 3_900
#: Papers of a brief digest: five cards and five lines fill a message.
_BRIEF: Final = 10
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
    return (limits.MESSAGE - _FRAME) // (_CARD_WITH_ABSTRACT if abstracts else _CARD)


def render(message: Message) -> list[Payload]:
    """The message as Slack's messages: one wherever it fits, several where it must be split, in their order."""
    chunks = [_mention(message.mention)]
    for block in message.blocks:
        rendered = _rendered(block)
        # Rows of buttons and long documents may part; everything else of one neutral block stays together.
        chunks += [[row] for row in rendered] if isinstance(block, Buttons | Document) else [rendered]
    pages: list[list[Json]] = [[]]
    room = limits.MESSAGE - len("[]")
    for chunk in chunks:
        cost = block_kit.size(chunk)
        if pages[-1] and (cost > room or len(pages[-1]) + len(chunk) > limits.BLOCKS):
            pages.append([])
            room = limits.MESSAGE - len("[]")
        pages[-1] += chunk
        room -= cost
    text = _spoken(message)
    return [Payload(text, tuple(page)) for page in pages]


def render_one(message: Message) -> Payload | None:
    """The message as one of Slack's messages, with less about each of its papers where it would not fit.

    None for one that does not fit even so: nothing of it may be left out unnoticed.
    """
    for shorter in _shorter_variants(message):
        pages = render(shorter)
        if len(pages) == 1:
            return pages[0]
    return None


def _shorter_variants(message: Message) -> Iterator[Message]:
    yield message
    for changes in (
        {"abstract": ""},
        {"abstract": "", "summary": "", "snippet": (), "reason": ()},
        {"compact": True, "buttons": (), "thumbs": None, "menu": (), "opens": None},
    ):
        yield replace(
            message,
            blocks=tuple(
                replace(block, **changes) if isinstance(block, PaperBlock) else block for block in message.blocks
            ),
        )


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


MessageVariants = Generator[Json, Collection[int], None]


def plainer_variants(arguments: Json, *, text_alone: bool = True) -> MessageVariants:
    """The message, then in forms that Slack may take when it refused that: with the blocks that it named simplified,
    without thumbnails, and as text alone if that is better than nothing. `next_variant` asks for them."""
    named = yield arguments
    blocks: list[Json] = arguments["blocks"]
    if any(number < len(blocks) for number in named):
        simplified = [
            block_kit.simplified(block) if number in named else [block] for number, block in enumerate(blocks)
        ]
        blocks = [block for some in simplified for block in some]
        if blocks:
            yield arguments | {"blocks": blocks}
    if any("accessory" in block for block in blocks):
        yield arguments | {"blocks": block_kit.without_pictures(blocks)}
    if text_alone:
        alone = {name: value for name, value in arguments.items() if name != "blocks"}
        yield alone | {"text": _as_text(arguments["blocks"]) or arguments["text"]}


def next_variant(variants: MessageVariants, named: Collection[int]) -> Json | None:
    """The next form once Slack refused the last one for the blocks of those numbers; None when there is none."""
    try:
        return variants.send(named)
    except StopIteration:
        return None


def _as_text(blocks: Iterable[Json]) -> str:
    """What the blocks say as a message's `text`, line by line as far as Slack takes it. Addresses are written out."""
    kept: list[str] = []
    room = limits.TEXT - len("\n…")
    for line in (line for block in blocks for line in block_kit.lines_of(block, _LONGEST_LINE)):
        shown = block_kit.escape(line).strip()
        room -= len(shown) + 1
        if room < 0:
            return "\n".join((*kept, "…"))
        if shown:
            kept.append(shown)
    return "\n".join(kept)


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
            budget = _LINE if block.compact else _CARD_WITH_ABSTRACT if block.abstract else _CARD
            return paper_blocks(block, budget)


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
