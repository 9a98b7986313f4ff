"""For those who run the bot: whether it lives, whether it can work, and its figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from adapters.web.people.entrance import Entrance
from adapters.web.serving.protection import host_name
from bot.health.document import document_of
from bot.health.reporting import Health

Metrics = Callable[[], Awaitable[tuple[bytes, str]]]
"""The metrics and their media type."""


def operating_routes(health: Health, metrics: Metrics, entrance: Entrance, allowed_hosts: Sequence[str]) -> list[Route]:
    """`/healthz` (liveness), `/readyz` (readiness) and `/metrics`.

    Anybody may ask the first two; details and figures are for who has the password or is a manager, or for the
    workspace's own names where nobody logs in.
    """
    known = {host.lower() for host in allowed_hosts}

    async def may_look_inside(request: Request) -> bool:
        if await entrance.may_look_inside(request):
            return not await entrance.is_open() or host_name(request.headers.get("host", "")) in known
        return False

    async def healthz(request: Request) -> Response:  # noqa: ARG001 - the process answers, that is all it says
        # The header tells another process of ours that it is the bot that has this port.
        return PlainTextResponse("ok\n", headers={"x-paperround": "1"})

    async def readyz(request: Request) -> Response:
        report = await health.report()
        inside = await may_look_inside(request)
        return JSONResponse(document_of(report) if inside else {"ok": report.ok}, status_code=200 if report.ok else 503)

    async def read_metrics(request: Request) -> Response:
        if not await may_look_inside(request):
            raise HTTPException(401, "Send the password as a bearer token.", {"www-authenticate": "Bearer"})
        body, media_type = await metrics()
        return Response(body, headers={"content-type": media_type})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", read_metrics)]
