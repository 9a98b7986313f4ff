"""The login of a workspace that has a password."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.pages.rendering import Pages
from adapters.web.people.sessions import Sessions, client_of
from adapters.web.serving.forms import fields_of


def login_routes(sessions: Sessions, pages: Pages, middleware: Sequence[Middleware]) -> list[Route]:
    async def ask(request: Request) -> Response:
        return HTMLResponse(pages.login(next_path=_safe_next(request.query_params.get("next", "")), error=""))

    async def log_in(request: Request) -> Response:
        fields = await fields_of(request)
        client, next_path = client_of(request), _safe_next(fields.get("next", ""))
        if wait := sessions.wait_before(client):
            sentence = f"Too many attempts. Try again in {wait} seconds."
            page = pages.login(next_path=next_path, error=sentence)
            return HTMLResponse(page, status_code=429, headers={"retry-after": str(wait)})
        if not sessions.is_password(fields.get("password", ""), client):
            page = pages.login(next_path=next_path, error="That is not the password.")
            return HTMLResponse(page, status_code=401)
        response = RedirectResponse(next_path, status_code=303)
        sessions.begin(response, secure=request.url.scheme == "https")
        return response

    return [
        Route("/login", ask, middleware=middleware),
        Route("/login", log_in, methods=["POST"], middleware=middleware),
    ]


def _safe_next(path: str) -> str:
    """Where to go after the login: a channel of ours, never another site."""
    return path if path.startswith("/c/") else "/"
