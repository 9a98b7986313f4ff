"""Messages with papers as Components V2: a container of text displays, sections and rows of buttons.

https://docs.discord.com/developers/components/reference. A message of the flag has no content and no embeds, at most
40 components, however deep they lie, and at most 4,000 characters of text. Where a message has more, what says the
least goes first: separators, then pictures, then all buttons but one beside each paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from adapters.discord.messages.colours import DEFAULT
from adapters.discord.messages.components import (
    ACTION_ROW,
    CONTAINER,
    LABEL,
    ROW,
    SECTION,
    SEPARATOR,
    TEXT_DISPLAY,
    THUMBNAIL,
    ButtonGroup,
    Row,
    action_rows,
    component_of,
    custom_id_of,
    numbered,
    walk,
)
from adapters.discord.messages.embeds import Payload
from adapters.discord.messages.lines import Line, card_buttons, facts_and_links, fair_share, line_of
from adapters.discord.messages.markup import ELLIPSIS, cut, escaped, length, spans, unmarked, usable_url
from bot.messages.message import (
    Block,
    Button,
    Buttons,
    Code,
    Divider,
    Document,
    Heading,
    Items,
    Note,
    PaperBlock,
    Paragraph,
    Span,
)

#: `IS_COMPONENTS_V2`. Once a message has it, it has it for good.
FLAG = 1 << 15
#: Of Discord's 40; one is kept for what may be added below a message.
COMPONENTS = 39
CHARACTERS = 4000
#: Discord answers 500 to what has more than 10,170 bytes when it has worked on it: in UTF-8, 12 more for each text
#: display (https://github.com/discord/discord-api-docs/issues/8554). Nobody says what other components take.
PROCESSED_BYTES = 10_000
TEXT_BYTES, OTHER_BYTES = 12, 75
#: Characters of text that are tried one after the other until that holds.
_TOTALS = (CHARACTERS, 3000, 2200)
#: Texts that have a share of the room of their own; with this many each of them has room for a line.
MOST_TEXTS = 30
#: What a text has at most before the texts are weighed against each other.
LONGEST_TEXT = 3500
LONGEST_TITLE = 300
#: What every text has, besides an address, however little room there is.
LEAST = 30
SMALL_PRINT = 160
#: A reason that is longer is a sentence of the paper, which says what it is about as well.
SENTENCE = 60


class Detail(IntEnum):
    """How much of a message there is room for."""

    ALL = 0
    NO_SEPARATORS = 1
    NO_PICTURES = 2
    ONE_BUTTON_EACH = 3
    MENUS = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper: its text, with a picture or a button beside it, and rows of buttons below."""

    paper: PaperBlock
    accessory: Payload | None = None
    rows: tuple[Row, ...] = ()

    def fit(self, limit: int) -> str:
        return line_of(self.paper, limit) if self.paper.compact else _card(self.paper, limit)

    def size(self, limit: int) -> int:
        return length(self.fit(limit)) + 1


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of one text display."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Separator:
    pass


Part = Text | Entry | Rows | Separator
Slot = Line | Entry


def layout_of(lead: str, blocks: Sequence[Block], *, pictures: bool, colour: int = DEFAULT) -> list[Payload]:
    """The components of a message.

    `lead` is Markdown that stands in front of the container: it is the first that is read out, and may mention a role.
    """
    parts: list[Part] = []
    for detail in Detail:
        parts = _parts_of(blocks, detail, pictures=pictures)
        if _count(parts) + bool(lead) <= COMPONENTS:
            break
    parts = _shortened(parts)
    components: list[Payload] = []
    for total in _TOTALS:
        components = _assembled(lead, parts, _texts(parts, total - length(lead)), colour)
        if processed_bytes(components) <= PROCESSED_BYTES:
            break
    return components


def fits_layout(blocks: Sequence[Block]) -> bool:
    """Whether they fit into one message with nothing cut that another message would show."""
    parts = _parts_of(blocks, Detail.NO_PICTURES, pictures=False)
    slots = list(_slots(parts))
    return (
        _count(parts) < COMPONENTS
        and len(slots) <= MOST_TEXTS
        and sum(slot.size(LONGEST_TEXT) for slot in slots) <= CHARACTERS - LONGEST_TITLE
    )


def processed_bytes(components: Sequence[Payload]) -> int:
    """What a message counts towards `PROCESSED_BYTES`, as far as it is known."""
    return sum(
        TEXT_BYTES + len(component["content"].encode()) if component["type"] == TEXT_DISPLAY else OTHER_BYTES
        for component in walk(components)
    )


# --- Parts ----------------------------------------------------------------------------------------------------------


class _Placing:
    """Buttons on their way into a message: none of them twice, and none with a line that is too long."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.unfit: list[str] = []

    def buttons(self, buttons: Sequence[Button | None]) -> list[Row]:
        placed = []
        for button in buttons:
            if button is None or not button.line.strip():
                continue
            custom_id = custom_id_of(button.line)
            if custom_id is None:
                self.unfit.append(button.line)
            elif custom_id not in self._seen:
                self._seen.add(custom_id)
                placed.append(component_of(button, cut(button.label, LABEL) or ELLIPSIS))
        return placed


def _parts_of(blocks: Sequence[Block], detail: Detail, *, pictures: bool) -> list[Part]:
    """The parts of a container, with what has to be typed because it can be no button."""
    if detail is Detail.MENUS:
        return _with_menus(blocks)
    placing = _Placing()
    parts: list[Part] = []
    for block in blocks:
        match block:
            case PaperBlock(compact=True) if not card_buttons(block):
                _add_line(parts, Line(block))
            case PaperBlock():
                if detail is Detail.ALL and parts and isinstance(parts[-1], Entry) and not block.compact:
                    parts.append(Separator())
                picture = pictures and detail <= Detail.NO_SEPARATORS
                parts.append(_entry(block, placing, picture=picture, one=detail is Detail.ONE_BUTTON_EACH))
            case Items(items=items):
                for item in items:
                    _add_line(parts, Line(Paragraph((Span("• "), *item))))
            case Heading() | Paragraph() | Note() | Code() | Document():
                _add_line(parts, Line(block))
            case Buttons(buttons=buttons):
                _add_rows(parts, _rows(placing.buttons(buttons)))
            case Divider():
                if detail is Detail.ALL and parts and not isinstance(parts[-1], Separator):
                    parts.append(Separator())
    for line in placing.unfit[:1]:
        _add_line(parts, _to_type(line))
    return parts


def _with_menus(blocks: Sequence[Block]) -> list[Part]:
    """All that there is to read in one text, and one menu for each kind of button below."""
    lines: list[Line] = []
    groups: list[ButtonGroup] = []
    for block in blocks:
        match block:
            case PaperBlock():
                number = len(groups) + 1
                lines.append(Line(block, number))
                groups.append(ButtonGroup(card_buttons(block), str(number), block.title or block.paper_id))
            case Items(items=items):
                lines += [Line(Paragraph((Span("• "), *item))) for item in items]
            case Heading() | Paragraph() | Note() | Code() | Document():
                lines.append(Line(block))
            case Buttons(buttons=buttons):
                groups.append(ButtonGroup(buttons))
            case Divider():
                pass
    rows, unfit = action_rows(numbered(groups))
    lines += [_to_type(line) for line in unfit[:1]]
    return [Text(tuple(lines)), *([Rows(tuple(rows))] if rows else [])]


def _to_type(line: str) -> Line:
    return Line(Note((Span("Or type: "), Span(f"/papers {line}", code=True))))


def _add_line(parts: list[Part], line: Line) -> None:
    """Lines that follow one another are one text display."""
    if parts and isinstance(parts[-1], Text):
        parts[-1] = Text((*parts[-1].lines, line))
    else:
        parts.append(Text((line,)))


def _add_rows(parts: list[Part], rows: tuple[Row, ...]) -> None:
    """Buttons that follow one another share a row where there is room."""
    last = parts[-1] if parts else None
    if len(rows) == 1 and isinstance(last, Rows):
        beside = [*last.rows[-1]["components"], *rows[0]["components"]]
        if len(beside) <= ROW:
            parts[-1] = Rows((*last.rows[:-1], {"type": ACTION_ROW, "components": beside}))
            return
    if rows:
        parts.append(Rows(rows))


def _entry(paper: PaperBlock, placing: _Placing, *, picture: bool, one: bool) -> Entry:
    placed = placing.buttons(card_buttons(paper))
    if picture and not paper.compact and (address := usable_url(paper.thumbnail_url)):
        return Entry(paper, {"type": THUMBNAIL, "media": {"url": address}}, _rows(placed))
    if placed and (one or len(placed) == 1) and not paper.buttons:
        return Entry(paper, placed[-1])  # the last one opens all that the others do
    return Entry(paper, None, _rows(placed))


def _rows(placed: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(
        {"type": ACTION_ROW, "components": list(placed[start : start + ROW])} for start in range(0, len(placed), ROW)
    )


def _count(parts: Sequence[Part]) -> int:
    """The components of a container with these parts."""
    count = 1
    for part in parts:
        match part:
            case Text() | Separator():
                count += 1
            case Rows(rows=rows):
                count += sum(1 + len(row["components"]) for row in rows)
            case Entry(accessory=accessory, rows=rows):
                count += (1 if accessory is None else 3) + sum(1 + len(row["components"]) for row in rows)
    return count


def _shortened(parts: Sequence[Part]) -> list[Part]:
    """The parts with as many texts as have room for a line each."""
    kept: list[Part] = []
    left = MOST_TEXTS
    for part in parts:
        if isinstance(part, Text) and len(part.lines) > left:
            more = Line(Note((Span(ELLIPSIS),)))
            part = Text((*part.lines[: max(0, left - 1)], more))
        kept.append(part)
        left -= len(part.lines) if isinstance(part, Text) else isinstance(part, Entry)
    return kept


# --- Texts ----------------------------------------------------------------------------------------------------------


def _slots(parts: Sequence[Part]) -> Iterator[Slot]:
    for part in parts:
        if isinstance(part, Text):
            yield from part.lines
        elif isinstance(part, Entry):
            yield part


def _texts(parts: Sequence[Part], total: int) -> Iterator[str]:
    """What the slots say, all of them together within the total: first of all the papers' addresses."""
    slots = list(_slots(parts))
    whole = [slot.fit(LONGEST_TEXT - 1) for slot in slots]
    sizes = [length(text) + 1 for text in whole]
    if sum(sizes) <= total:
        return iter(whole)
    least = [min(size, _least(slot)) for slot, size in zip(slots, sizes, strict=True)]
    if sum(least) > total:
        least = [0] * len(slots)
    room = fair_share([size - few for size, few in zip(sizes, least, strict=True)], total - sum(least))
    return (slot.fit(min(few + room, LONGEST_TEXT) - 1) for slot, few in zip(slots, least, strict=True))


def _least(slot: Slot) -> int:
    paper = slot.paper if isinstance(slot, Entry) else slot.block
    return LEAST + (length(usable_url(paper.url)) + len("**[]()**") if isinstance(paper, PaperBlock) else 0)


def _card(paper: PaperBlock, limit: int) -> str:
    """A card's text. The abstract is cut first, then snippet, reason, summary, and who wrote it."""
    title = _title(paper, limit)
    room = limit - length(title) - 7  # what separates the parts
    where = facts_and_links(paper, room)
    room -= length(where)
    about = f"topic: {' · '.join(paper.topics)}" if paper.topics else ""
    topics = escaped(about, min(SMALL_PRINT, room - 3)) if room > LEAST else ""
    room -= length(topics) + 3 if topics else 0
    byline = escaped(paper.byline, room - 3)
    room -= length(byline) + 3 if byline else 0
    # In a list one sentence says enough: why the paper is there, or else what it is about.
    listed = paper.thumbs is not None or paper.opens is not None
    told = sum(len(span.text) for span in paper.reason) > SENTENCE
    summary = "" if listed and told else escaped(paper.summary, room)
    room -= length(summary)
    reason = spans(paper.reason, room)
    room -= length(reason)
    snippet = spans(paper.snippet, room)
    abstract = escaped(paper.abstract, room - length(snippet))
    small = " · ".join(part for part in (byline, where, topics) if part)
    parts = (title, reason, summary, snippet, f"-# {small}" if small else "", abstract)
    return "\n".join(part for part in parts if part)


def _title(paper: PaperBlock, limit: int) -> str:
    """The title as a link, in bold; without a link where there is no room for the address."""
    # Two asterisks would end what is bold, also within an address.
    title, address = paper.title or paper.paper_id, usable_url(paper.url).replace("*", "%2A")
    room = min(LONGEST_TITLE, limit - length(address) - len("**[]()**"))
    if address and room > 8:
        return f"**[{unmarked(title, room) or ELLIPSIS}]({address})**"
    return f"**{escaped(title, min(LONGEST_TITLE, limit - 4)) or ELLIPSIS}**"


# --- Components -----------------------------------------------------------------------------------------------------


def _assembled(lead: str, parts: Sequence[Part], texts: Iterator[str], colour: int) -> list[Payload]:
    inside: list[Payload] = []
    for part in parts:
        match part:
            case Text(lines=lines):
                if (words := "\n".join(text for _ in lines if (text := next(texts)))).strip():
                    inside.append(_text_display(words))
            case Entry(accessory=accessory, rows=rows):
                said = _text_display(next(texts))
                if accessory is not None:
                    said = {"type": SECTION, "components": [said], "accessory": accessory}
                inside += [said, *rows]
            case Rows(rows=rows):
                inside += rows
            case Separator():
                inside.append({"type": SEPARATOR})
    while inside and inside[-1]["type"] == SEPARATOR:
        inside.pop()
    front = [_text_display(lead)] if lead or not inside else []
    return front + ([{"type": CONTAINER, "accent_color": colour, "components": inside}] if inside else [])


def _text_display(words: str) -> Payload:
    return {"type": TEXT_DISPLAY, "content": words or ELLIPSIS}
