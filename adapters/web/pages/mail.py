"""Where links in mails lead: to say yes to mails, and to end them. Whoever has the link needs nothing else.

Programs that look at links before people do only read pages, and reading changes nothing: a button does. One-click
unsubscribing (RFC 8058) is a POST to the same address, by the mail provider, without cookies and from any place.
These pages bring their style along, because nothing else of the workspace need be served where they are.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from markupsafe import Markup
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.errors import StorageError
from bot.mail.links import CONFIRM_PATH, LEAVE_PATH
from bot.mail.mailing import Mailing
from bot.mail.messages import content_in_words
from bot.mail.recipients import Ended, Recipient

_STYLE: Final = Markup(
    ":root{color-scheme:light dark}"
    "body{margin:0;background:#fff;color:#22262b;font:17px/26px system-ui,sans-serif;display:grid;place-items:center;"
    "min-height:100vh}"
    "main{max-width:30rem;padding:2rem 1.25rem}h1{font-size:1.5rem;line-height:2rem;margin:0 0 .75rem}"
    "p{margin:0 0 1.25rem;overflow-wrap:anywhere}"
    "button{font:inherit;font-weight:600;padding:.65rem 1.25rem;border:0;border-radius:.5rem;background:#1a56c4;"
    "color:#fff;cursor:pointer}button:focus-visible{outline:3px solid #8ab4f8;outline-offset:2px}"
    "@media(prefers-color-scheme:dark){body{background:#16181c;color:#e4e7eb}}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE: Final = Markup(
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="robots" content="noindex">\n<title>{title} · Paper Round</title>\n<style>{style}</style>\n</head>\n'
    "<body>\n<main>\n<h1>{title}</h1>\n<p>{sentence}</p>\n{button}</main>\n</body>\n</html>\n"
)
_BUTTON: Final = Markup('<form method="post"><button>{label}</button></form>\n')
#: The address of the page is a secret, and is told to nobody.
_HEADERS: Final = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}


class MailPages:
    """The pages for readers of mails, who have no account here."""

    def __init__(self, mailing: Mailing) -> None:
        self._mailing = mailing

    def routes(self, middleware: Sequence[Middleware]) -> list[Route]:
        confirm, leave = CONFIRM_PATH + "/{token}", LEAVE_PATH + "/{token}"
        pages = (
            (confirm, "GET", self.ask),
            (confirm, "POST", self.confirm),
            (leave, "GET", self.ask_to_leave),
            (leave, "POST", self.leave),
        )
        return [Route(path, _answering(page), methods=[method], middleware=middleware) for path, method, page in pages]

    async def ask(self, request: Request) -> Response:
        recipient = await self._mailing.asked(request.path_params["token"])
        if recipient is None:
            return _nothing_asked()
        what = content_in_words(recipient.content)
        sender = f"{recipient.list_name} would like to send {what} to {recipient.email}."
        sentence = f"{sender} Every mail has a link that ends them."
        return _page("Papers by mail?", sentence, button="Yes, send me papers")

    async def confirm(self, request: Request) -> Response:
        recipient = await self._mailing.confirm(request.path_params["token"])
        if recipient is None:
            return _nothing_asked()
        return _page("Thank you", f"Papers from {recipient.list_name} come to {recipient.email} from now on.")

    async def ask_to_leave(self, request: Request) -> Response:
        recipient = await self._mailing.leaving(request.path_params["token"])
        if recipient is None:
            return _no_such_link()
        if recipient.ended_at is not None:
            return _ended(recipient)
        return _page(
            "No more papers?", f"Mails from {recipient.list_name} come to {recipient.email}.", button="Unsubscribe"
        )

    async def leave(self, request: Request) -> Response:
        recipient = await self._mailing.leave(request.path_params["token"])
        return _no_such_link() if recipient is None else _ended(recipient)


def _ended(recipient: Recipient) -> Response:
    by = "" if recipient.ended_by is not Ended.REMOVED else " Whoever manages the channel ended them."
    return _page("Unsubscribed", f"No more mails from {recipient.list_name} come to {recipient.email}.{by}")


def _nothing_asked() -> Response:
    sentence = "This link was used already, or is too old. Whoever manages the channel can add the address again."
    return _page("Nothing to confirm", sentence, status=404)


def _no_such_link() -> Response:
    return _page(
        "No such link", "This is no link of a mail that was sent from here, or not the whole of it.", status=404
    )


def _answering(page: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The page, or what is said while the database does not answer."""

    async def answer(request: Request) -> Response:
        try:
            return await page(request)
        except StorageError:
            sentence = "The database does not answer. Nothing was changed; try again in a moment."
            return _page("Not now", sentence, status=503)

    return answer


def _page(title: str, sentence: str, *, button: str = "", status: int = 200) -> Response:
    form = _BUTTON.format(label=button) if button else ""
    page = _PAGE.format(title=title, sentence=sentence, button=form, style=_STYLE)
    return HTMLResponse(page, status_code=status, headers=_HEADERS)
