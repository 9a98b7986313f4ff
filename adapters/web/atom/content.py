"""Blocks of the neutral message as the HTML that feed readers show: text, links and lists, nothing else.

Feed readers clean what they get, each in its own way, so nothing here depends on styles, classes or pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from markupsafe import Markup

from bot.messages.message import (
    Block,
    Buttons,
    Code,
    Divider,
    Document,
    Heading,
    Items,
    Link,
    Note,
    PaperBlock,
    Paragraph,
    Span,
)
from bot.text.urls import is_web_url

_STYLES: Final = (
    ("bold", Markup("<strong>{}</strong>")),
    ("italic", Markup("<em>{}</em>")),
    ("code", Markup("<code>{}</code>")),
)


def html_of(blocks: Iterable[Block]) -> Markup:
    """The blocks, one below the other. Lines about papers that follow each other are one list."""
    parts: list[Markup] = []
    lines: list[Markup] = []
    for block in blocks:
        if isinstance(block, PaperBlock) and block.compact:
            lines.append(_line(block))
            continue
        parts += _listed(lines)
        lines = []
        parts.append(_html(block))
    return Markup("\n").join([*parts, *_listed(lines)])


def paper_html(paper: PaperBlock) -> Markup:
    """What stands below the title of a paper."""
    parts = [
        Markup("<p>{}</p>").format(Markup(" · ").join([Markup("{}").format(fact) for fact in facts]))
        for facts in ((paper.byline, *paper.facts),)
        if any(facts)
    ]
    parts += [_paragraph(spans) for spans in (paper.reason, paper.snippet) if spans]
    parts += [Markup("<p>{}</p>").format(words) for words in (paper.summary, paper.abstract) if words]
    if paper.topics:
        parts.append(Markup("<p><small>{}</small></p>").format(" · ".join(paper.topics)))
    if links := [_link(link) for link in paper.links if is_web_url(link.url)]:
        parts.append(Markup("<p>{}</p>").format(Markup(" · ").join(links)))
    return Markup("\n").join(parts)


def _listed(lines: Sequence[Markup]) -> list[Markup]:
    return [Markup("<ul>{}</ul>").format(Markup("").join(lines))] if lines else []


def _html(block: Block) -> Markup:
    match block:
        case Heading():
            return Markup("<h3>{}</h3>").format(block.text)
        case Paragraph():
            return _paragraph(block.spans)
        case Note():
            return Markup("<p><small>{}</small></p>").format(_spans(block.spans))
        case Code() | Document():
            return Markup("<pre>{}</pre>").format(block.text)
        case Items():
            items = [Markup("<li>{}</li>").format(_spans(item)) for item in block.items]
            return Markup("<ul>{}</ul>").format(Markup("").join(items))
        case Divider():
            return Markup("<hr>")
        case Buttons():
            return Markup("")  # nobody can press one in a feed reader
        case PaperBlock():
            return Markup("<h4>{}</h4>\n{}").format(_title(block), paper_html(block))


def _line(paper: PaperBlock) -> Markup:
    facts = " · ".join(paper.facts)
    return Markup("<li>{}{}</li>").format(_title(paper), f" · {facts}" if facts else "")


def _title(paper: PaperBlock) -> Markup:
    return _link(Link(paper.title, paper.url)) if is_web_url(paper.url) else Markup("{}").format(paper.title)


def _link(link: Link) -> Markup:
    return Markup('<a href="{}">{}</a>').format(link.url, link.label)


def _paragraph(spans: Iterable[Span]) -> Markup:
    return Markup("<p>{}</p>").format(_spans(spans))


def _spans(spans: Iterable[Span]) -> Markup:
    return Markup("").join(_span(span) for span in spans)


def _span(span: Span) -> Markup:
    shown = _link(Link(span.text, span.url)) if is_web_url(span.url) else Markup("{}").format(span.text)
    for style, around in _STYLES:
        if getattr(span, style):
            shown = around.format(shown)
    return shown
