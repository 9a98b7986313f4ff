"""Messages as plain text, for terminals and logs."""

from __future__ import annotations

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


def plain_text(message: Message) -> str:
    """The message for a terminal: every block as lines of plain text."""
    return "\n".join(_plain_block(block) for block in message.blocks) if message.blocks else message.summary


def _plain_spans(spans: tuple[Span, ...]) -> str:
    return "".join(
        f"`{span.text}`" if span.code else f"{span.text} <{span.url}>" if span.url else span.text for span in spans
    )


def _plain_block(block: Block) -> str:
    match block:
        case Heading():
            return f"{block.text}\n{'=' * len(block.text)}"
        case Paragraph() | Note():
            return _plain_spans(block.spans)
        case Code():
            return "\n".join(f"    {line}" for line in block.text.splitlines())
        case Document():
            return block.text.rstrip("\n")
        case Items():
            return "\n".join(f"- {_plain_spans(item)}" for item in block.items)
        case Divider():
            return "---"
        case Buttons():
            return "  ".join(f"[{button.label}: {button.line}]" for button in block.buttons)
        case PaperBlock():
            return _plain_paper(block)


def _plain_paper(block: PaperBlock) -> str:
    lines = [f"* {block.title}"]
    snippet = "".join(span.text for span in block.snippet)
    reason = "".join(span.text for span in block.reason)
    details = " · ".join(part for part in (block.byline, *block.facts) if part)
    lines += [f"  {line}" for line in (block.summary, snippet, reason, details) if line]
    if block.abstract:
        lines.append(f"  {block.abstract}")
    if block.topics:
        lines.append(f"  Topics: {', '.join(block.topics)}")
    if block.people:
        lines.append(f"  for {', '.join(f'@{person.name}' for person in block.people)}")
    lines.append(f"  {block.url}")
    return "\n".join(lines)
