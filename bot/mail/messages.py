"""What is said by mail besides papers: the question whether an address wants them."""

from __future__ import annotations

from bot.mail.links import CONFIRM_WITHIN, MailLinks
from bot.mail.recipients import Content, Recipient
from bot.messages.message import Heading, Message, Note, Paragraph, Span, bold, text


def content_in_words(content: Content) -> str:
    """What an address gets, as the end of “This address gets …”."""
    match content:
        case Content.TOPICS:
            return "its papers"
        case Content.DAY:
            return "the papers trending each day"
        case Content.WEEK:
            return "the papers trending each week"


def question_message(recipient: Recipient, links: MailLinks) -> Message:
    """Asks once, and says that nothing comes without an answer."""
    hours = round(CONFIRM_WITHIN.total_seconds() / 3600)
    asked = text(
        "Somebody who manages ",
        bold(recipient.list_name),
        f" would like {content_in_words(recipient.content)} to come to this address by mail.",
    )
    return Message(
        summary=f"Do you want mails from {recipient.list_name}?",
        blocks=(
            Heading("Research papers by mail?"),
            Paragraph(asked),
            Paragraph((Span("Yes, send me papers", bold=True, url=links.confirmation(recipient)),)),
            Note(
                text(
                    f"The link works for {hours} hours and leads to a page with a button. If you did not expect "
                    "this, do nothing: no further mail comes without your answer."
                )
            ),
        ),
    )
