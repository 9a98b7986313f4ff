"""The panels beside a channel: its topics, its settings, the visitor's list, and how it does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from markupsafe import Markup
from starlette.requests import Request

from adapters.web.addresses import channel_path
from adapters.web.pages.channels.panel import Panel
from adapters.web.pages.rendering import Pages
from adapters.web.people.calls import call_of
from adapters.web.people.visitor import visitor_of
from adapters.web.serving.forms import id_of
from bot.channels.channel import Channel
from bot.errors import UserError
from bot.panels.health import outcome_of
from bot.panels.panels import Panels
from bot.panels.saved import SavedPage
from bot.papers.citations import FORMATS
from bot.platforms.command_calls import CommandCall
from bot.posting.post import PostState
from bot.query.parser import LONGEST_QUERY

SCRIPT = "panel.js"


class _TemplatePanel(ABC):
    """What the panels have in common. Each is a `adapters.web.pages.channels.panel.Panel`."""

    name = ""
    title = ""
    script = SCRIPT

    def __init__(self, panels: Panels, pages: Pages) -> None:
        self._panels = panels
        self._pages = pages

    async def content(self, request: Request, channel: Channel) -> Markup:
        call = call_of(request, channel)
        return self._pages.fragment(
            f"panel_{self.name}.html",
            base=channel_path(channel.address),
            channel=channel,
            may_manage=await self._panels.may_manage(call),
            read_only=visitor_of(request).why_not(channel.address),
            **await self._shown(request, channel, call),
        )

    @abstractmethod
    async def _shown(self, request: Request, channel: Channel, call: CommandCall) -> dict[str, Any]:
        """What the panel's template shows beside that."""


class TopicsPanel(_TemplatePanel):
    """The topics of the channel."""

    name, title = "topics", "Topics"

    async def _shown(self, request: Request, channel: Channel, call: CommandCall) -> dict[str, Any]:  # noqa: ARG002
        return {"lines": await self._panels.topics(channel), "longest": LONGEST_QUERY}


class SettingsPanel(_TemplatePanel):
    """When its digests come, and how they look."""

    name, title = "settings", "Settings"

    async def _shown(self, request: Request, channel: Channel, call: CommandCall) -> dict[str, Any]:  # noqa: ARG002
        return {"form": await self._panels.settings(channel)}


class SavedPanel(_TemplatePanel):
    """The reading list of whoever looks."""

    name, title = "saved", "Saved"

    async def _shown(self, request: Request, channel: Channel, call: CommandCall) -> dict[str, Any]:  # noqa: ARG002
        find = " ".join(request.query_params.get("find", "").split())
        page = id_of(request.query_params.get("page")) or 1
        mistake = ""
        try:
            saved = await self._panels.saved(call, find, page)
        except UserError as error:
            mistake = str(error)
            saved = SavedPage(total=1, found=0, entries=(), page=1, pages=1)
        return {"saved": saved, "find": find, "mistake": mistake, "formats": FORMATS}


class HealthPanel(_TemplatePanel):
    """How the channel does."""

    name, title = "health", "Health"

    async def _shown(self, request: Request, channel: Channel, call: CommandCall) -> dict[str, Any]:  # noqa: ARG002
        health = await self._panels.health(channel)
        digests = [
            {"record": record, "outcome": outcome_of(record), "given_up": record.posts.get(PostState.FAILED, 0)}
            for record in health.digests
        ]
        return {"health": health, "digests": digests}


def panels_of(panels: Panels, pages: Pages) -> list[Panel]:
    """The panels in the order of their tabs."""
    return [kind(panels, pages) for kind in (TopicsPanel, SettingsPanel, SavedPanel, HealthPanel)]
