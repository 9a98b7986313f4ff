"""What people do in modals and in the app's home: forms that they send, fields, shortcuts and buttons there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck

from adapters.slack.client.payloads import Json
from adapters.slack.interactions.commands import NOT_NOW, UNKNOWN_BUTTON
from adapters.slack.interactions.modals import ANSWER_WITHIN, SLOW, Modals
from adapters.slack.interactions.topic_modal import result_view
from adapters.slack.workspace_services import ServicesByWorkspace, WorkspaceServices
from bot.background import BackgroundTasks
from bot.commands.wording import answer, say
from bot.errors import MALFORMED

log = structlog.get_logger(__name__)

#: Seconds for finding out whose workspace it is; with `ANSWER_WITHIN` they are less than the three that Slack waits.
_FOUND_WITHIN: Final = 0.7
_UNKNOWN_FORM: Final = "This form is of another version of me, and nothing was changed. Please open it anew."


#: What a form is acknowledged with: Bolt's, or what stands for it.
Acknowledge = Callable[..., Awaitable[Any]]
Submission = Callable[[Modals, Acknowledge, Json, float], Awaitable[None]]
Busy = Callable[[AsyncAck], Awaitable[None]]


class ViewListeners:
    """Bolt's listeners for modals, shortcuts and the app's home."""

    def __init__(self, services: ServicesByWorkspace, background: BackgroundTasks) -> None:
        self._services = services
        self._background = background

    def acknowledged(self, work: Callable[[Modals, Json], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """A listener that acknowledges, and starts the work."""

        async def in_its_workspace(body: Json) -> None:
            services = await self._services.find_or_none(body)
            if services is not None and services.modals is not None:
                await work(services.modals, body)

        async def listener(ack: AsyncAck, body: Json) -> None:
            await ack()
            self._background.start(_as_far_as_it_can_be_read(in_its_workspace(body)))

        return listener

    def submitted(self, work: Submission, busy: Busy | None = None) -> Callable[..., Awaitable[None]]:
        """A listener that leaves the acknowledging to the work: it carries what is wrong with a form.

        Where the workspace's token has to be renewed first, the form is acknowledged before, and the person hears of
        the rest in private; or `busy` says at once that nothing can be done now.
        """

        async def listener(ack: AsyncAck, body: Json) -> None:
            finding = asyncio.create_task(self._services.find_or_none(body))
            done, _ = await asyncio.wait((finding,), timeout=_FOUND_WITHIN)
            if not done and busy is not None:
                await busy(ack)
                self._background.start(_finished(finding))
            elif not done:
                await ack()
                self._background.start(self._submit(work, _acknowledged_before, body, finding, 0.0))
            else:
                await self._submit(work, ack, body, finding, ANSWER_WITHIN)

        return listener

    async def _submit(
        self,
        work: Submission,
        ack: Acknowledge,
        body: Json,
        finding: asyncio.Task[WorkspaceServices | None],
        within: float,
    ) -> None:
        services = await finding
        if services is None or services.modals is None:
            await ack(response_action="update", view=result_view(answer(say(NOT_NOW))))
            return
        try:
            await work(services.modals, ack, body, within)
        except MALFORMED as error:
            log.warning("slack.form_unreadable", reason=repr(error))
            await refuse_old_form(ack)
        self._background.start(_as_far_as_it_can_be_read(_home_refreshed(services, body)))

    async def on_unknown_button(self, ack: AsyncAck, body: Json) -> None:
        """A button of the home that another version of us made."""
        await ack()
        self._background.start(_as_far_as_it_can_be_read(self._replace_home(body)))

    async def _replace_home(self, body: Json) -> None:
        services = await self._services.find_or_none(body)
        if services is not None and services.modals is not None:
            await services.modals.show_over_home(answer(say(UNKNOWN_BUTTON)), body)
        if services is not None and services.home is not None:
            await services.home.publish(body["user"]["id"], anew=True)


async def _home_refreshed(services: WorkspaceServices, body: Json) -> None:
    await services.refresh_home(body["user"]["id"])


async def _as_far_as_it_can_be_read(work: Coroutine[Any, Any, None]) -> None:
    """Does work on what Slack sent, which may be nothing that this version knows."""
    try:
        await work
    except MALFORMED as error:
        log.warning("slack.form_unreadable", reason=repr(error))


async def channel_busy(ack: AsyncAck) -> None:
    """Says in the form for a channel that it must be sent again."""
    await ack(response_action="errors", errors={"channel": SLOW})


async def _acknowledged_before(**_answer: Any) -> None:
    """Stands for the acknowledgement of a form that has one already."""


async def _finished(finding: asyncio.Task[WorkspaceServices | None]) -> None:
    await finding


async def refuse_old_form(ack: Acknowledge) -> None:
    """Says that a form is of another version of us."""
    await ack(response_action="update", view=result_view(answer(say(_UNKNOWN_FORM))))
