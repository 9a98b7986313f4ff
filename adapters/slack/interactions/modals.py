"""Talking with people through forms: opening them, a preview while they write, and what becomes of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import structlog

from adapters.slack.client.errors import ERRORS, code_of, explained
from adapters.slack.client.payloads import DIRECT_MESSAGE_PREFIX, Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.interactions.command_calls import CommandCalls, chosen_line
from adapters.slack.interactions.settings_modal import (
    OPENING_LINE,
    changes_of,
    channel_of_view,
    channel_view,
    chosen_channel,
    settings_view,
    shown_in,
)
from adapters.slack.interactions.topic_modal import (
    Submission,
    TopicModal,
    mistake_of,
    preview_of,
    result_view,
    submission_of,
    under_field,
    with_preview,
)
from adapters.slack.platform import SlackPlatform
from bot.background import BackgroundTasks
from bot.channels.channel import Channel
from bot.commands.channels.settings import configure_line
from bot.commands.wording import answer, say, trouble
from bot.commits import Commit
from bot.errors import StorageError
from bot.messages.message import Button, Buttons, Note, code, text
from bot.platforms.command_calls import CommandCall, CommandRunner, Reply
from bot.topics.forms import TopicForms
from bot.topics.store import TopicOptions

log = structlog.get_logger(__name__)

#: A form waits for its answer, and Slack only waits for three seconds.
ANSWER_WITHIN: Final = 1.8
_MOST_TYPED: Final = 1000  # forms that are remembered to be open
SLOW: Final = "Slack takes long to answer. Try once more."
_NO_QUERY: Final = "Write what the papers are about, like diffusion -survey."
_NOT_THERE: Final = "I cannot see that you are in this channel."
_EDIT: Final = re.compile(r"\s*edit\s+#?(?P<number>\d{1,6})\s*")


class Modals:
    """Opens forms and does what they say, through the same commands that people type."""

    def __init__(
        self,
        api: SlackApi,
        platform: SlackPlatform,
        calls: CommandCalls,
        commands: CommandRunner,
        background: BackgroundTasks,
        forms: TopicForms,
    ) -> None:
        self._api = api
        self._platform = platform
        self._calls = calls
        self._commands = commands
        self._background = background
        self._forms = forms
        #: What was written last into each open form, as far as its preview is still to come.
        self._typed: dict[str, str] = {}

    async def opened(self, call: CommandCall, trigger: str) -> bool:
        """Opens a form when the line asks for one: `subscribe` without a query, `edit N` without anything new,
        or the button below the settings."""
        try:
            view = await self._wanted(call)
        except StorageError as error:
            # The answer in words says so, as far as it needs the database.
            log.warning("slack.form_not_opened", reason=str(error))
            return False
        return view is not None and await self._show(view, trigger)

    async def _wanted(self, call: CommandCall) -> Json | None:
        """The form that a line asks for, None where it asks for none."""
        if call.line == OPENING_LINE:
            channel = await self._forms.channel_at(call.address)
            return settings_view(channel) if channel is not None else None
        form = TopicModal(channel=call.address.channel, channel_name=call.channel_name)
        if call.line.strip().lower() != "subscribe":
            known = await self._edited(call)
            if known is None:
                return None
            form = replace(form, number=known[0], known=known[1])
        return form.view()

    async def shortcut(self, body: Json) -> None:
        """Somebody chose the app's shortcut, which belongs to no channel."""
        await self._show(TopicModal().view(), body["trigger_id"])

    async def settings_shortcut(self, body: Json) -> None:
        """Somebody wants to change a channel's settings, and is in no channel."""
        await self._show(channel_view(), body["trigger_id"])

    async def channel_chosen(
        self, ack: Callable[..., Awaitable[Any]], body: Json, within: float = ANSWER_WITHIN
    ) -> None:
        """Goes on from the choice of a channel to its settings."""
        channel_id, person = chosen_channel(body["view"]), body["user"]["id"]
        work = asyncio.create_task(self._settings_of(channel_id, person))
        done, _ = await asyncio.wait((work,), timeout=within)
        if not done:
            work.cancel()
            await ack(response_action="errors", errors={"channel": SLOW})
            await asyncio.wait((work,))
            return
        try:
            channel = work.result()
        except StorageError as error:
            await ack(response_action="errors", errors={"channel": trouble(error, Commit.NOTHING).message.summary})
            return
        if channel is None:
            await ack(response_action="errors", errors={"channel": _NOT_THERE})
        else:
            await ack(response_action="update", view=settings_view(channel))

    async def _settings_of(self, channel_id: str, person: str) -> Channel | None:
        """The channel, which has its first settings from now on; None when it is not the person's to choose."""
        if not await self._may_choose(channel_id, person):
            return None
        call = await self._calls.of_form("settings", channel_id, "", person)
        await self._commands.run(call)
        return await self._forms.channel_at(call.address)

    async def home_button(self, body: Json) -> None:
        """A button in the app's home: the answer is a window over it."""
        call = await self._calls.of_home(chosen_line(body), body["user"]["id"])
        await self.show_over_home(await self._commands.run(call), body)

    async def show_over_home(self, reply: Reply, body: Json) -> None:
        """Shows something over the app's home to whoever pressed a button there."""
        await self._show(result_view(reply), body["trigger_id"])

    async def preview(self, body: Json) -> None:
        """Shows in an open form what its query finds. A later view than ours wins."""
        view = body["view"]
        submission = submission_of(view)
        if not submission.query:
            # What an earlier query found does not stay, and what it is still to find does not come.
            self._typed.pop(view["id"], None)
            await self._show_preview(view, ())
            return
        if len(self._typed) >= _MOST_TYPED:
            self._typed.clear()
        self._typed[view["id"]] = submission.forecast
        call = await self._calls.of_form(
            submission.forecast, submission.channel, submission.channel_name, body["user"]["id"]
        )
        found = preview_of(await self._commands.run(call))
        try:
            await self._api.client.views_update(view_id=view["id"], hash=view["hash"], view=with_preview(view, found))
        except ERRORS as error:
            if code_of(error) != "hash_conflict" or self._typed.get(view["id"]) != submission.forecast:
                log.info("slack.preview_not_shown", reason=explained(error))
                return
            # An older preview came in between, and this is what the person wrote last.
            await self._show_preview(view, found)

    async def _show_preview(self, view: Json, found: Sequence[Json]) -> None:
        try:
            await self._api.client.views_update(view_id=view["id"], view=with_preview(view, found))
        except ERRORS as error:
            log.info("slack.preview_not_shown", reason=explained(error))

    async def submitted(self, ack: Callable[..., Awaitable[Any]], body: Json, within: float = ANSWER_WITHIN) -> None:
        """Does what a form says; a mistake stands under its field, and the form stays open."""
        submission, person = submission_of(body["view"]), body["user"]["id"]
        if not submission.query:
            await ack(response_action="errors", errors={"query": _NO_QUERY})
            return
        work = asyncio.create_task(self._do(submission, person))
        done, _ = await asyncio.wait((work,), timeout=within)
        if not done:
            await ack()
            self._background.start(self._tell(work, submission, person))
            return
        reply = work.result()
        if reply is None:
            await ack(response_action="errors", errors={"channel": _NOT_THERE})
        elif reply.failed:
            field = reply.about if reply.about in submission.fields else "query"
            await ack(response_action="errors", errors={field: mistake_of(reply)})
        else:
            await ack(response_action="update", view=result_view(reply))

    async def settings_submitted(
        self, ack: Callable[..., Awaitable[Any]], body: Json, within: float = ANSWER_WITHIN
    ) -> None:
        """Changes what somebody changed in the form, all of it or nothing; what is wrong stands under its field."""
        work = asyncio.create_task(self._change(body["view"], body["user"]["id"]))
        done, _ = await asyncio.wait((work,), timeout=within)
        if not done:
            await ack()
            self._background.start(self._tell_mistakes(work, body["view"], body["user"]["id"]))
        elif wrong := work.result():
            await ack(response_action="errors", errors=wrong)
        else:
            await ack()

    async def _change(self, view: Json, person: str) -> dict[str, str]:
        channel_id, name = channel_of_view(view)
        # Not what it is by now: what somebody else changed meanwhile stays as they wanted it.
        changes = list(changes_of(view, shown_in(view)))
        wrong = {change.field: change.mistake for change in changes if change.mistake}
        changes = [change for change in changes if not change.mistake]
        if not changes:
            return wrong
        line = configure_line({change.setting: change.value for change in changes}, check=bool(wrong))
        reply = await self._commands.run(await self._calls.of_form(line, channel_id, name, person))
        if not reply.failed:
            return wrong
        fields = {change.setting: change.field for change in changes}
        known = {fields[key]: under_field(mistake) for key, mistake in reply.mistakes.items() if key in fields}
        return wrong | (known or {changes[0].field: mistake_of(reply)})

    async def _do(self, submission: Submission, person: str) -> Reply | None:
        """The answer to what a form says; None when its channel is not the person's to choose."""
        if submission.chosen and not await self._may_choose(submission.channel, person):
            return None
        call = await self._calls.of_form(submission.line, submission.channel, submission.channel_name, person)
        return await self._commands.run(call)

    async def _may_choose(self, channel: str, person: str) -> bool:
        """A channel's topics are its members' business, whatever a form says."""
        try:
            return await self._api.is_member(channel, person)
        except ERRORS as error:
            log.info("slack.members_unknown", channel=channel, reason=explained(error))
            return False

    async def _tell(self, work: asyncio.Task[Reply | None], submission: Submission, person: str) -> None:
        """The answer came when the form was gone: it goes where the person finds it."""
        reply = await work
        message = reply.message if reply is not None else answer(say(_NOT_THERE)).message
        await self._platform.tell(await self._calls.address(submission.channel), person, message)

    async def _tell_mistakes(self, work: asyncio.Task[dict[str, str]], view: Json, person: str) -> None:
        """What is wrong with settings, when their form is gone."""
        if wrong := await work:
            message = answer(*(say(f"{field}: {mistake}") for field, mistake in wrong.items())).message
            await self._platform.tell(await self._calls.address(channel_of_view(view)[0]), person, message)

    async def _edited(self, call: CommandCall) -> tuple[int, TopicOptions] | None:
        """The topic that `edit N` means."""
        found = _EDIT.fullmatch(call.line)
        if found is None or not await self._forms.may_manage(call):
            return None
        number = int(found["number"])
        options = await self._forms.topic_of(call.address, number)
        return (number, options) if options is not None else None

    async def _show(self, view: Json, trigger: str) -> bool:
        try:
            await self._api.client.views_open(trigger_id=trigger, view=view)
        except ERRORS as error:
            # Usually too late: the answer in words says the same.
            log.info("slack.form_not_opened", reason=explained(error))
            return False
        return True


def in_text(call: CommandCall) -> CommandCall:
    """The command that answers in words where a form did not open."""
    return replace(call, line="settings") if call.line == OPENING_LINE else call


def _is_unseen(call: CommandCall) -> bool:
    return bool(call.address.channel) and call.channel_name == call.address.channel


def with_invitation(call: CommandCall, reply: Reply) -> Reply:
    """The answer to `subscribe`, with what is still to do where the bot cannot post yet."""
    if reply.failed or not _is_unseen(call) or not call.line.strip().lower().startswith("subscribe"):
        return reply
    if call.address.channel.startswith(DIRECT_MESSAGE_PREFIX):
        note = Note(text("I cannot post in conversations between people. Say this in a channel, or in ours."))
    else:
        note = Note(
            text("I am not in this channel yet, so nothing can come. Write ", code("/invite @Paper Round"), ".")
        )
    return replace(reply, message=replace(reply.message, blocks=(*reply.message.blocks, note)))


def with_settings_button(call: CommandCall, reply: Reply) -> Reply:
    """The answer to `settings`, with the button that opens the form."""
    if call.line.strip().lower() != "settings" or reply.failed:
        return reply
    button = Buttons((Button("Change…", OPENING_LINE),))
    return replace(reply, message=replace(reply.message, blocks=(*reply.message.blocks, button)))
