"""A paper as Slack shows it, in a bounded number of characters.

A card in a list has a title, the reason why it is there, a line of small facts with its menu, and the thumbs. A section
has room for one thing beside its words, so a picture stands beside the reason and the menu beside the facts. Slack's
own `card` block has a picture and buttons as well, but takes titles of 150 characters and words of 200, no menu and no
thumbs, and reads markup in all of its words.

What is too long is cut in the order that `PaperBlock` sets: the abstract, then the snippet, the reason, the summary
and the byline, then topics, facts and further links; the picture and the end of the title go last, the address never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from adapters.slack.client.payloads import Json
from adapters.slack.messages import block_kit, limits
from bot.messages.message import PaperBlock, PersonMention, Span, Thumbs
from bot.text.shortening import shorten

LONGEST_BUTTON_ROW = 8
_READABLE_TITLE, _SHORTEST_TITLE = 100, 40
#: What is left out before the end of a long title, and what only after that.
_ASIDE = ("topics", "facts", "links")
_LAST = ("people", "buttons", "thumbnail_url")


def paper_blocks(block: PaperBlock, budget: int) -> list[Json]:
    """The card or line of a paper in at most `budget` characters of JSON."""
    block = _visible(block)
    build = _line if block.compact else _listed if _is_listed(block) else _card
    blocks = build(block)
    if block_kit.size(blocks) <= budget:
        # Nearly always, and a digest to everybody renders many.
        return blocks
    for shorter in _shorter_variants(block, budget, build):
        blocks = build(shorter)
    return blocks


def size_of_people(block: PaperBlock) -> int:
    """The characters of JSON in which those are named whom the paper is for."""
    return block_kit.size(_for_whom(block.people)) if block.people else 0


def _visible(block: PaperBlock) -> PaperBlock:
    """The block without what is no text, so that nothing in it turns out empty later."""
    return replace(
        block,
        title=block_kit.printable(block.title).strip() or block.paper_id,
        summary=block_kit.printable(block.summary).strip(),
        byline=block_kit.printable(block.byline).strip(),
        abstract=block_kit.printable(block.abstract).strip(),
        snippet=_shortened(block.snippet, limits.SECTION),
        reason=_shortened(block.reason, limits.SECTION),
        facts=tuple(fact for fact in map(block_kit.printable, block.facts) if fact.strip()),
        topics=tuple(topic for topic in map(block_kit.printable, block.topics) if topic.strip()),
        links=tuple(link for link in block.links if block_kit.printable(link.label).strip()),
    )


def _shorter_variants(
    block: PaperBlock, budget: int, build: Callable[[PaperBlock], list[Json]]
) -> Iterator[PaperBlock]:
    """Shorter forms of the block, the last of which fits, or is as short as it gets."""

    def excess() -> int:
        return block_kit.size(build(block)) - budget

    changes: dict[str, Any]
    for part in ("abstract", "snippet", "reason", "summary", "byline"):
        while (over := excess()) > 0 and (text := getattr(block, part)):
            changes = {part: _shortened_by(text, over)}
            block = replace(block, **changes)
            yield block
    for parts, shortest_title in ((_ASIDE, _READABLE_TITLE), (_LAST, _SHORTEST_TITLE)):
        for part in parts:
            while excess() > 0 and (kept := getattr(block, part)):
                changes = {part: kept[:-1] if isinstance(kept, tuple) else ""}
                block = replace(block, **changes)
                yield block
        if (over := excess()) > 0:
            block = replace(block, title=shorten(block.title, max(shortest_title, len(block.title) - over)))
            yield block


def _shortened_by(text: Any, characters: int) -> Any:
    """The words, or the styled words, with so many characters less."""
    if isinstance(text, str):
        return shorten(text, max(0, len(text) - characters))
    return _shortened(text, max(0, sum(len(span.text) for span in text) - characters))


def _shortened(spans: tuple[Span, ...], length: int) -> tuple[Span, ...]:
    """The spans with at most so many characters; what is no text is left out."""
    kept: list[Span] = []
    for span in spans:
        whole = block_kit.printable(span.text)
        text = shorten(whole, length)
        length = length - len(text) if text == whole else 0
        if text:
            kept.append(replace(span, text=text))
    return tuple(kept) if any(span.text.strip(" …") for span in kept) else ()


def _card(block: PaperBlock) -> list[Json]:
    """The title, what it is about with the picture beside it, and in small print who and how much; then the buttons."""
    pictured = bool(block.thumbnail_url) and block_kit.is_url(block.thumbnail_url)
    lines = [[block_kit.link(block.title, block.url, bold=True)]]
    if block.summary and not pictured:
        lines.append([block_kit.words(block.summary)])
    lines += [
        [block_kit.words(span.text, bold=span.bold, italic=span.italic) for span in part]
        for part in (block.snippet, block.reason)
        if part
    ]
    if block.people:
        lines.append(_for_whom(block.people))
    buttons = block_kit.actions(block.buttons[:LONGEST_BUTTON_ROW], block.links)
    if (links := _links(block)) and not _has_menu(buttons):
        lines.append(links)
    blocks = [block_kit.rich(block_kit.section(*_joined(lines)))]
    if pictured:
        # A section must have words; a paper without a summary shows its id beside the picture.
        blocks.append(block_kit.picture_beside(block.summary or block.paper_id, block.thumbnail_url))
    if block.abstract:
        blocks.append(block_kit.rich(block_kit.quote(block.abstract)))
    if aside := _details_line(block.byline, *block.facts, topics=block.topics):
        blocks.append(block_kit.context(aside))
    return blocks + buttons


def _is_listed(block: PaperBlock) -> bool:
    """Whether a card is one of a list, with thumbs and a menu, and not one that stands for itself."""
    return bool(block.thumbs or block.menu or block.opens)


def _listed(block: PaperBlock) -> list[Json]:
    why = block.snippet or block.reason
    beside = _beside_picture(block, why)
    lines = [[block_kit.link(block.title, block.url, bold=True)]]
    if why and (block.summary or beside is None):
        lines.append([block_kit.words(span.text, bold=span.bold, italic=span.italic) for span in why])
    if block.summary and beside is None:
        lines.append([block_kit.words(block.summary)])
    if block.people:
        lines.append(_for_whom(block.people))
    blocks = [block_kit.rich(block_kit.section(*_joined(lines)))]
    if beside is not None:
        blocks.append(block_kit.picture_beside(beside, block.thumbnail_url))
    if block.abstract:
        blocks.append(block_kit.rich(block_kit.quote(block.abstract)))
    aside = _details_line(*_counts(block.thumbs), block.byline, *block.facts, topics=block.topics) or block.paper_id
    blocks.append(block_kit.words_beside_menu(aside, block.menu or ((block.opens,) if block.opens else ())))
    if block.thumbs:
        blocks.append(block_kit.thumbs(block.thumbs))
    return blocks


def _beside_picture(block: PaperBlock, why: Sequence[Span]) -> str | Json | None:
    """What stands beside the picture: the summary, else the reason. None without a picture, or where nothing can."""
    if not block_kit.is_url(block.thumbnail_url):
        return None
    if block.summary or not why:
        return block.summary or None
    return block_kit.marked(why)


def _counts(votes: Thumbs | None) -> list[str]:
    """How many voted, where somebody did: Slack's thumbs do not say."""
    counted = (("👍", votes.up), ("👎", votes.down)) if votes else ()
    return [f"{sign} {count}" for sign, count in counted if count]


def _details_line(*parts: str, topics: Sequence[str]) -> str:
    named = [f"{'Topics' if topics[1:] else 'Topic'}: {', '.join(topics)}"] if topics else []
    return " · ".join(block_kit.left_to_right(part) for part in (*parts, *named) if part)


def _has_menu(rows: list[Json]) -> bool:
    """Whether the links are in a menu: then a line of them would say the same twice."""
    return any(element["type"] == "overflow" for row in rows for element in row["elements"])


def _line(block: PaperBlock) -> list[Json]:
    words = [block_kit.link(block_kit.left_to_right(block.title), block.url)]
    if aside := " · ".join(map(block_kit.left_to_right, (*block.facts, *block.topics))):
        words.append(block_kit.words(f" · {aside}", italic=True))
    if block.people:
        words += [block_kit.words(" · "), *_for_whom(block.people)]
    return [block_kit.rich(block_kit.bullets([block_kit.section(*words)]))]


def _for_whom(people: Sequence[PersonMention]) -> list[Json]:
    """Their names; only who asked for it is mentioned, because Slack notifies whoever is."""
    named = [
        block_kit.person(one.id) if one.ping and block_kit.is_person(one.id) else block_kit.words(f"@{one.name}")
        for one in people
    ]
    return [block_kit.words("for "), *[piece for one in named for piece in (block_kit.words(", "), one)][1:]]


def _links(block: PaperBlock) -> list[Json]:
    usable = [block_kit.link(link.label, link.url) for link in block.links if block_kit.is_url(link.url)]
    return [piece for one in usable for piece in (block_kit.words(" · "), one)][1:]


def _joined(lines: list[list[Json]]) -> list[Json]:
    return [piece for line in lines for piece in (block_kit.words("\n"), *line)][1:]
