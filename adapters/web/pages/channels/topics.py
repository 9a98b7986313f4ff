"""The topic editor: a page that shows what a topic would bring while somebody writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.addresses import channel_path
from adapters.web.pages.channels.drafts import TopicDraft
from adapters.web.pages.channels.panel import PANEL
from adapters.web.pages.rendering import Pages
from adapters.web.pages.shell import Place, Shells
from adapters.web.people.attempts import client_of
from adapters.web.people.calls import call_of
from adapters.web.people.visitor import visitor_of
from adapters.web.serving.concurrency_limit import ConcurrencyLimit
from adapters.web.serving.forms import fields_of, id_of
from adapters.web.serving.protection import wants_json
from bot.channels.channel import Channel, PlatformName
from bot.errors import UserError
from bot.forecasts.pacing import Paced, per_day_of
from bot.panels.drafts import Preview, Proposals
from bot.panels.panels import Panels
from bot.platforms.command_calls import CommandRunner
from bot.query.marking import Mistake, marks_of, mistake_in
from bot.query.parser import LONGEST_QUERY

#: Visitors whose drafts are looked at together; each has one at a time.
AT_ONCE: Final = 4
TOPICS: Final = "topics"
YES, NO, PER_DAY = "yes", "no", "per-day"
#: Papers a day that are offered as what somebody may want.
PACES: Final = (1, 3, 5, 10)


@dataclass(frozen=True, slots=True)
class WantedPace:
    """So many papers a day, and ways to write a draft that bring about as many."""

    per_day: int
    ways: Sequence[Paced]


class TopicPages:
    """The editor, and what it asks for while somebody writes."""

    def __init__(self, *, panels: Panels, commands: CommandRunner, pages: Pages, shells: Shells) -> None:
        self._panels = panels
        self._commands = commands
        self._pages = pages
        self._shells = shells
        self._previews_limit = ConcurrencyLimit(AT_ONCE)

    def routes(self) -> list[Route]:
        return [
            Route("/c/{channel}/topics", self.save, methods=["POST"]),
            Route("/c/{channel}/topics/new", self.edit),
            Route("/c/{channel}/topics/marks", self.marks),
            Route("/c/{channel}/topics/preview", self.preview),
            Route("/c/{channel}/topics/proposals", self.proposals),
            Route("/c/{channel}/topics/paced", self.paced),
            Route("/c/{channel}/topics/{number:int}", self.edit),
            Route("/c/{channel}/topics/{number:int}", self.save, methods=["POST"]),
        ]

    async def edit(self, request: Request) -> Response:
        """The editor with a new topic or one that there is, or with what the address says of it."""
        channel = await self._shells.of_path(request)
        number = request.path_params.get("number")
        draft = await self._draft(channel, number, request.query_params)
        return HTMLResponse(await self._page(request, channel, draft))

    async def save(self, request: Request) -> Response:
        """Runs the line that the draft stands for. A mistake leaves the draft as it was written."""
        channel = await self._shells.of_path(request)
        draft = TopicDraft.of_fields(await fields_of(request), request.path_params.get("number"))
        if not draft.query:
            raise UserError("Write what the papers are about, like `diffusion -survey`.")
        reply = await self._commands.run(call_of(request, channel, draft.line))
        if wants_json(request):
            answer: dict[str, str] = {
                "line": f"/papers {draft.line}",
                "summary": reply.message.summary,
                "url": f"{channel_path(channel.address)}?{PANEL}={TOPICS}",
                "about": reply.about,
            }
            if reply.failed:
                return JSONResponse(answer | {"error": reply.message.summary}, status_code=422)
            return JSONResponse(answer)
        if reply.failed:
            page = await self._page(request, channel, draft, mistakes={reply.about or "query": reply.message.summary})
            return HTMLResponse(page, status_code=422)
        return RedirectResponse(f"{channel_path(channel.address)}?{PANEL}={TOPICS}", status_code=303)

    async def marks(self, request: Request) -> Response:
        """Which part of the query is what: asked for with every letter, so it reads nothing."""
        query = request.query_params.get("query", "")[: 2 * LONGEST_QUERY]
        return JSONResponse({"marks": [[mark.start, mark.end, mark.kind, mark.excluded] for mark in marks_of(query)]})

    async def preview(self, request: Request) -> Response:
        """What the draft would bring, as a fragment; nothing where the visitor has written on since."""
        channel = await self._shells.of_path(request)
        draft = TopicDraft.of_fields(request.query_params, id_of(request.query_params.get("number")))
        async with self._previews_limit.slot(_visitor_key(request)) as is_latest:
            found = await self._preview(request, channel, draft, is_latest) if is_latest() else None
            if not is_latest():
                return JSONResponse({"late": True})
        html = self._pages.fragment(
            "preview.html", **self._about(channel, draft), preview=found, proposals=None, paced=None
        )
        mistake = _mistake_shown(found.mistake if found else None)
        return JSONResponse({"html": html, "line": _line_shown(draft), "mistake": mistake})

    async def proposals(self, request: Request) -> Response:
        """What may be changed because of a paper, as a fragment."""
        channel = await self._shells.of_path(request)
        draft = TopicDraft.of_fields(request.query_params, id_of(request.query_params.get("number")))
        async with self._previews_limit.slot(f"{_visitor_key(request)} proposals") as is_latest:
            if not is_latest():
                return JSONResponse({"late": True})
            found = await self._proposals(request, channel, draft)
        html = self._pages.fragment("proposals.html", **self._about(channel, draft), proposals=found)
        return JSONResponse({"html": html})

    async def paced(self, request: Request) -> Response:
        """Ways to write the draft that bring about so many papers a day, as a fragment."""
        channel = await self._shells.of_path(request)
        draft = TopicDraft.of_fields(request.query_params, id_of(request.query_params.get("number")))
        async with self._previews_limit.slot(f"{_visitor_key(request)} paced") as is_latest:
            if not is_latest():
                return JSONResponse({"late": True})
            found = await self._paced(request, channel, draft)
        return JSONResponse({"html": self._pages.fragment("paced.html", **self._about(channel, draft), paced=found)})

    # ---- parts of the above

    async def _draft(self, channel: Channel, number: int | None, params: Mapping[str, str]) -> TopicDraft:
        if "query" in params or number is None:
            return TopicDraft.of_fields(params, number)
        topic = await self._panels.topic(channel, number)
        if topic is None:
            raise HTTPException(404, f"There is no topic {number} here.")
        return TopicDraft.of_topic(topic)

    async def _page(
        self, request: Request, channel: Channel, draft: TopicDraft, *, mistakes: Mapping[str, str] | None = None
    ) -> str:
        preview = await self._preview(request, channel, draft)
        proposals, paced, wrong = None, None, dict(mistakes or {})
        if preview is not None and preview.mistake is None:
            try:
                proposals = await self._proposals(request, channel, draft)
                paced = await self._paced(request, channel, draft)
            except UserError as error:
                wrong.setdefault("query", str(error))
        elif preview is not None and preview.mistake is not None:
            wrong.setdefault("query", preview.mistake.sentence)
        call = call_of(request, channel)
        return self._pages.page(
            "editor.html",
            await self._shells.around(request, Place.CHANNEL, channel),
            **self._about(channel, draft),
            current=self._shells.view(request, channel),
            preview=preview,
            proposals=proposals,
            paced=paced,
            mistakes=wrong,
            line=_line_shown(draft),
            may_manage=await self._panels.may_manage(call),
            read_only=visitor_of(request).why_not(channel.address),
            at_home=channel.address.platform is PlatformName.WEB,
            longest=LONGEST_QUERY,
        )

    def _about(self, channel: Channel, draft: TopicDraft) -> dict[str, Any]:
        base = channel_path(channel.address)
        return {"base": base, "draft": draft, "paces": PACES, "editor": f"{base}/topics/{draft.number or 'new'}"}

    async def _preview(
        self, request: Request, channel: Channel, draft: TopicDraft, is_wanted: Callable[[], bool] = lambda: True
    ) -> Preview | None:
        """What the draft would bring; None without a query."""
        if not draft.query:
            return None
        call = call_of(request, channel)
        return await self._panels.drafts.preview(call, draft.query, draft.bound, is_wanted=is_wanted)

    async def _proposals(self, request: Request, channel: Channel, draft: TopicDraft) -> Proposals | None:
        """What may be changed because of the paper that the address names; None where it names none."""
        yes, no = request.query_params.get(YES, ""), request.query_params.get(NO, "")
        if not (yes or no) or mistake_in(draft.query) is not None:
            return None
        call = call_of(request, channel)
        return await self._panels.drafts.proposals(
            call, draft.query, yes or no, wanted=bool(yes), min_upvotes=draft.bound
        )

    async def _paced(self, request: Request, channel: Channel, draft: TopicDraft) -> WantedPace | None:
        """Ways to as many papers a day as the address asks for; None where it asks for none."""
        asked = request.query_params.get(PER_DAY, "")
        if not asked or mistake_in(draft.query) is not None:
            return None
        per_day = per_day_of(asked)
        ways = await self._panels.drafts.paced(call_of(request, channel), draft.query, per_day, draft.bound)
        return WantedPace(per_day, ways)


def _visitor_key(request: Request) -> str:
    return f"{visitor_of(request).id} {client_of(request)}"


def _line_shown(draft: TopicDraft) -> str:
    return f"/papers {draft.line}" if draft.line else ""


def _mistake_shown(mistake: Mistake | None) -> dict[str, Any] | None:
    if mistake is None:
        return None
    return {"start": mistake.start, "end": mistake.end, "sentence": mistake.sentence}
