"""A neutral message as a mail: HTML that reads well without pictures and in the dark, and the same as plain text.

Nothing is fetched from anywhere and nothing tells that a mail was opened: no pictures, styles or counters from the
network. Styles stand at the elements, because many readers leave out all others; those in the head are for the dark.
Buttons that need an answer have none here: what they do is done in the workspace, where there is one.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

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
from bot.text.urls import is_web_url

TEXT_WIDTH: Final = 76
_FONT: Final = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_LINK: Final = "color:#1a56c4;"
_SMALL: Final = "font-size:13px;line-height:19px;color:#5c636d;"
_BODY: Final = "font-size:15px;line-height:22px;color:#22262b;"
#: Readers that show mails in the dark turn the colours round themselves, or take these.
_HEAD: Final = """\
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #16181c !important; }
  .ink { color: #e4e7eb !important; }
  .dim { color: #a3abb5 !important; }
  .link { color: #8ab4f8 !important; }
  .rule { border-color: #3a3f46 !important; }
  .box { background: #24272d !important; }
}
</style>"""


@dataclass(frozen=True, slots=True)
class Footer:
    """The end of a mail: why it came, and how it ends. `why` is a sentence."""

    why: str
    leave_url: str


def html_of(message: Message, footer: Footer, page_of: Callable[[str], str]) -> str:
    """The mail as an HTML document. `page_of` says where a paper can be saved and voted on, empty for nowhere."""
    body = "\n".join(_html_block(block, message.first, index, page_of) for index, block in _numbered(message))
    preview = escape(message.summary)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{_HEAD}\n<title>{preview}</title>\n</head>\n'
        f'<body class="page" style="margin:0;padding:0;background:#ffffff;">\n'
        f'<div class="page" style="max-width:600px;margin:0 auto;padding:20px 16px;font-family:{_FONT};'
        f'word-break:break-word;overflow-wrap:anywhere;">\n{body}\n{_html_footer(footer)}\n</div>\n</body>\n</html>\n'
    )


def text_of(message: Message, footer: Footer, page_of: Callable[[str], str]) -> str:
    """The mail as plain text."""
    parts = [_text_block(block, message.first, index, page_of) for index, block in _numbered(message)]
    parts.append(f"-- \n{_wrapped(footer.why)}\nTo get no more of these: {_url(footer.leave_url)}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _numbered(message: Message) -> Sequence[tuple[int, Block]]:
    """Each block, and how many papers stand before it."""
    papers, found = 0, []
    for block in message.blocks or (Paragraph((Span(message.summary),)),):
        found.append((papers, block))
        papers += isinstance(block, PaperBlock)
    return found


def _html_footer(footer: Footer) -> str:
    return (
        f'<p class="dim rule" style="margin:28px 0 0;padding-top:14px;border-top:1px solid #d9dde3;{_SMALL}">'
        f"{escape(footer.why)} {_anchor('Unsubscribe', footer.leave_url)}</p>"
    )


def _html_block(block: Block, first: int, index: int, page_of: Callable[[str], str]) -> str:
    match block:
        case Heading():
            style = "margin:0 0 6px;font-size:21px;line-height:28px;font-weight:700;color:#22262b;"
            return f'<h1 class="ink" style="{style}">{escape(block.text)}</h1>'
        case Paragraph():
            return f'<p class="ink" style="margin:0 0 14px;{_BODY}">{_html_spans(block.spans)}</p>'
        case Note():
            return f'<p class="dim" style="margin:0 0 14px;{_SMALL}">{_html_spans(block.spans)}</p>'
        case Code():
            return _html_box(block.text)
        case Document():
            return f'<p class="dim" style="margin:0 0 4px;{_SMALL}">{escape(block.name)}</p>{_html_box(block.text)}'
        case Items():
            items = "".join(f'<li style="margin:0 0 4px;">{_html_spans(item)}</li>' for item in block.items)
            return f'<ul class="ink" style="margin:0 0 14px;padding-left:22px;{_BODY}">{items}</ul>'
        case Divider():
            return '<hr class="rule" style="margin:14px 0;border:0;border-top:1px solid #d9dde3;">'
        case Buttons():
            return _html_more(block)
        case PaperBlock():
            return _html_paper(block, first + index if first else 0, page_of)


def _html_more(block: Buttons) -> str:
    labels = _said(block)
    return f'<p class="dim" style="margin:14px 0;{_SMALL}">{escape(labels)}</p>' if labels else ""


def _said(block: Buttons) -> str:
    """What of buttons is worth saying where nobody can press them: how many papers are not shown."""
    return " · ".join(f"{button.label} in the channel" for button in block.buttons if button.line.startswith("more "))


def _html_paper(block: PaperBlock, number: int, page_of: Callable[[str], str]) -> str:
    before = f"{number}. " if number else ""
    size = "font-size:15px;line-height:21px;" if block.compact else "font-size:17px;line-height:24px;"
    title = f'<strong style="{size}">{before}{_anchor(block.title, block.url, weight=600)}</strong>'
    details = " · ".join(part for part in (block.byline, *block.facts) if part)
    lines = [f'<div style="margin:0 0 2px;">{title}</div>']
    if details:
        lines.append(f'<div class="dim" style="{_SMALL}">{escape(details)}</div>')
    if block.summary:
        lines.append(f'<div class="ink" style="margin-top:4px;{_BODY}">{escape(block.summary)}</div>')
    if block.snippet:
        lines.append(f'<div class="ink" style="margin-top:4px;{_BODY}">{_html_spans(block.snippet)}</div>')
    if block.reason:
        lines.append(f'<div class="dim" style="margin-top:4px;{_SMALL}">{_html_spans(block.reason)}</div>')
    if block.abstract:
        lines.append(f'<div class="ink" style="margin-top:8px;{_BODY}">{escape(block.abstract)}</div>')
    if said := _topics_and_people(block):
        lines.append(f'<div class="dim" style="margin-top:4px;{_SMALL}">{escape(said)}</div>')
    if links := _links(block, page_of):
        anchors = " · ".join(_anchor(label, url) for label, url in links)
        lines.append(f'<div class="dim" style="margin-top:4px;{_SMALL}">{anchors}</div>')
    space = "14px" if block.compact else "22px"
    return f'<div style="margin:0 0 {space};">' + "\n".join(lines) + "</div>"


def _links(block: PaperBlock, page_of: Callable[[str], str]) -> list[tuple[str, str]]:
    links = [] if block.compact else [(link.label, link.url) for link in block.links]
    if page := page_of(block.paper_id):
        links.append(("Save or vote", page))
    return [(label, url) for label, url in links if _url(url)]


def _topics_and_people(block: PaperBlock) -> str:
    said = [f"Topics: {', '.join(block.topics)}"] if block.topics else []
    if block.people:
        said.append(f"for {', '.join(person.name for person in block.people)}")
    return " · ".join(said)


def _html_box(value: str) -> str:
    style = "margin:0 0 14px;padding:10px 12px;background:#f3f5f7;font-size:13px;line-height:19px;white-space:pre-wrap;"
    return f'<pre class="box ink" style="{style}">{escape(value)}</pre>'


def _html_spans(spans: Sequence[Span]) -> str:
    return "".join(_html_span(span) for span in spans)


def _html_span(span: Span) -> str:
    shown = escape(span.text)
    for tag, wanted in (("code", span.code), ("em", span.italic), ("strong", span.bold)):
        shown = f"<{tag}>{shown}</{tag}>" if wanted else shown
    return f'<a class="link" href="{escape(_url(span.url))}" style="{_LINK}">{shown}</a>' if _url(span.url) else shown


def _anchor(label: str, url: str, *, weight: int = 400) -> str:
    if not _url(url):
        return escape(label)
    style = f"{_LINK}font-weight:{weight};text-decoration:{'none' if weight > 400 else 'underline'};"
    return f'<a class="link" href="{escape(_url(url))}" style="{style}">{escape(label)}</a>'


def _url(url: str) -> str:
    """The address if it is one of the web, else nothing."""
    return url if is_web_url(url) else ""


def _text_block(block: Block, first: int, index: int, page_of: Callable[[str], str]) -> str:
    match block:
        case Heading():
            title = _wrapped(block.text)
            return f"{title}\n{'=' * min(len(title), TEXT_WIDTH)}"
        case Paragraph() | Note():
            return _wrapped(_text_spans(block.spans))
        case Code():
            return textwrap.indent(block.text, "    ")
        case Document():
            return f"{block.name}\n{textwrap.indent(block.text.rstrip(), '    ')}"
        case Items():
            return "\n".join(_wrapped(_text_spans(item), "- ", "  ") for item in block.items)
        case Divider():
            return "-" * 20
        case Buttons():
            return _said(block)
        case PaperBlock():
            return _text_paper(block, first + index if first else 0, page_of)


def _text_paper(block: PaperBlock, number: int, page_of: Callable[[str], str]) -> str:
    lines = [_wrapped(block.title, f"{number}. " if number else "* ", "  ")]
    details = " · ".join(part for part in (block.byline, *block.facts) if part)
    parts = (
        details,
        block.summary,
        _text_spans(block.snippet),
        _text_spans(block.reason),
        block.abstract,
        _topics_and_people(block),
    )
    lines += [_wrapped(part, "  ", "  ") for part in parts if part]
    lines.append(f"  {_url(block.url)}")
    if page := page_of(block.paper_id):
        lines.append(f"  Save or vote: {page}")
    return "\n".join(line for line in lines if line.strip())


def _text_spans(spans: Sequence[Span]) -> str:
    return "".join(f"{span.text}: {_url(span.url)}" if _url(span.url) else span.text for span in spans)


def _wrapped(value: str, first: str = "", rest: str = "") -> str:
    """Lines of a width that every reader shows; no line of a paper's begins like one of ours."""
    words = " ".join(value.split())
    wrapped = textwrap.wrap(
        words,
        TEXT_WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(wrapped)
