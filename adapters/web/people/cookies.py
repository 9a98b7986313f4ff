"""The cookie that a browser keeps a session by."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

from bot.people.people import SESSION_LENGTH

COOKIE = "paperround_session"
#: Under https browsers take a cookie of this name from this host alone, and send it to no other.
#: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
SECURE_COOKIE = f"__Host-{COOKIE}"


def token_of(connection: HTTPConnection) -> str:
    """The token of the session that a request belongs to, empty for none."""
    return connection.cookies.get(_name(connection), "")


def begin(response: Response, connection: HTTPConnection, token: str) -> None:
    """Puts a session into the browser."""
    response.set_cookie(
        _name(connection),
        token,
        max_age=int(SESSION_LENGTH.total_seconds()),
        httponly=True,
        secure=_is_secure(connection),
        samesite="lax",
    )


def end(response: Response, connection: HTTPConnection) -> None:
    """Takes the session out of the browser."""
    response.delete_cookie(_name(connection), httponly=True, secure=_is_secure(connection), samesite="lax")


def _name(connection: HTTPConnection) -> str:
    return SECURE_COOKIE if _is_secure(connection) else COOKIE


def _is_secure(connection: HTTPConnection) -> bool:
    return connection.url.scheme == "https"
