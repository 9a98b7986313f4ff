"""Pictures of papers, from here: the servers of feeds hear nothing of who looks at a page."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.web.pages.rendering import web_link
from bot.papers.ids import parse_paper_id
from bot.papers.store import PaperStore
from bot.papers.thumbnails import Thumbnails

#: How long a browser keeps a picture, and that there is none.
_KEPT: Final = {"cache-control": "private, max-age=86400"}
_MISSED: Final = {"cache-control": "private, max-age=600"}


class ThumbnailPictures:
    """`/thumbnail/{paper}`. Only what a feed named is ever read, not what a visitor names."""

    def __init__(self, papers: PaperStore, thumbnails: Thumbnails | None) -> None:
        self._papers = papers
        self._thumbnails = thumbnails

    def routes(self) -> list[Route]:
        return [Route("/thumbnail/{paper:path}", self.show)]

    async def show(self, request: Request) -> Response:
        paper = await self._papers.paper(parse_paper_id(request.path_params["paper"]))
        url = web_link(paper.thumbnail_url) if paper else ""
        found = await self._thumbnails.fetch(url) if url and self._thumbnails else None
        if found is None:
            raise HTTPException(404, "There is no picture of that paper.", _MISSED)
        return Response(found.content, media_type=found.media_type, headers=_KEPT)
