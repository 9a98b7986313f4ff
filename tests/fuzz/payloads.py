"""What both platforms send, as far as it is read without asking them: who wants what, where, in which words.

What is malformed may raise one of `MALFORMED`, which the listeners take for something that cannot be read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from adapters.discord.client.interaction_payloads import with_defaults
from adapters.discord.interactions.modals import modal_of_command
from adapters.discord.interactions.topic_modal import TopicModal, modal_of_line, restored_modal, submitted_modal
from adapters.discord.messages.components import texts_of
from adapters.discord.messages.mentions import parse_mention as parse_discord_mention
from adapters.slack.client.web_api import Identity, Profile, SlackApi
from adapters.slack.interactions.command_calls import CommandCalls
from adapters.slack.interactions.settings_modal import changes_of, channel_of_view, chosen_channel, shown_in
from adapters.slack.interactions.topic_modal import Submission, submission_of, with_preview
from adapters.slack.messages.mentions import mention_element, mention_name, mentioned_person, parse_mention
from bot.commands.lines import read_arguments, split_line
from bot.commands.papers.reactions import meaning_of
from bot.commands.registry import Arguments
from bot.commands.runner import REGISTRY
from bot.commands.talk import Talk
from bot.commands.wording import answer, say
from bot.errors import MALFORMED, UserError
from bot.platforms.command_calls import CommandCall, Completion, Person, Reply
from tests.fuzz.target import Target, encoded, text_of
from tests.fuzz.waiting import result_of

_CHANNEL = {"id": "C01", "name": "general"}
_PERSON = {"id": "U0ADA", "username": "ada", "name": "ada", "team_id": "T0TEAM"}
_FIELDS = {
    "query": {"paperround.query": {"type": "plain_text_input", "value": 'hares "fast ones"'}},
    "name": {"value": {"type": "plain_text_input", "value": "Run “ners”"}},
    "min-upvotes": {"paperround.bound": {"type": "number_input", "value": "3"}},
    "instant": {"value": {"type": "checkboxes", "selected_options": [{"value": "instant"}]}},
    "backfill": {"value": {"type": "number_input", "value": "2"}},
    "channel": {"value": {"type": "conversations_select", "selected_conversation": "C01"}},
    "limit": {"value": {"type": "plain_text_input", "value": "7"}},
    "style": {"value": {"type": "static_select", "selected_option": {"value": "cards"}}},
    "mention": {"value": {"type": "static_select", "selected_option": {"value": "<!here>"}}},
    "mention-person": {"value": {"type": "users_select", "selected_user": "U0ADA"}},
}
_VIEW = {"id": "V1", "type": "modal", "callback_id": "paperround.topic", "blocks": [], "state": {"values": _FIELDS}}
SLACK = encoded(*map(json.dumps, (
    {"command": "/papers", "text": "search <https://x.ai|x.ai> &lt;b&gt; <@U0BOB>", "channel_id": "C01",
     "channel_name": "general", "user_id": "U0ADA"},
    {"type": "block_actions", "user": _PERSON, "channel": _CHANNEL, "message": {"ts": "1.1"},
     "container": {"channel_id": "C01", "message_ts": "1.1"}, "actions": [{"value": "vote 2605.00001 up"}]},
    {"type": "block_actions", "user": _PERSON, "container": {"channel_id": "C01"}, "message": {"ts": "1.1"},
     "actions": [{"selected_option": {"value": "settings mention <@U0ADA>"}}]},
    {"type": "view_submission", "user": _PERSON, "view": {**_VIEW, "private_metadata": '["C01", "general", 0]'}},
    {"type": "view_submission", "user": _PERSON, "view": {**_VIEW, "private_metadata": '["", "", 12]'}},
    {"type": "view_submission", "user": _PERSON, "view": {**_VIEW, "private_metadata": '["C01", "general"]'}},
    {"event": {"type": "app_mention", "channel": "C01", "user": "U0ADA", "ts": "1.1",
               "text": "<@U0BOT> settings mention <!subteam^S123|team> <#C02>"}},
    {"event": {"type": "message", "channel": "D01", "user": "U0ADA", "ts": "1.1",
               "text": "see https://arxiv.org/abs/2605.00001, thanks :pray:"}},
)))  # fmt: skip
_MEMBER = {"user": {"id": "7", "username": "ada"}, "permissions": "8", "roles": ["1"]}
_MODAL = [
    {"type": 18, "component": {"type": 4, "custom_id": "query", "value": "hares"}},
    {"type": 18, "component": {"type": 4, "custom_id": "name", "value": 'Run "ners" --instant'}},
    {"type": 18, "component": {"type": 21, "custom_id": "instant", "value": "on"}},
    {"type": 1, "components": [{"type": 4, "custom_id": "min-upvotes", "value": "3"}]},
]
DISCORD = encoded(*map(json.dumps, (
    {"id": "1", "type": 2, "token": "t", "guild_id": "5", "channel_id": "6", "member": _MEMBER,
     "channel": {"id": "6", "type": 11, "thread_metadata": {"locked": True}},
     "data": {"id": "1", "name": "papers", "options": [
         {"name": "subscribe", "type": 1, "options": [{"name": "name", "type": 3, "value": "x"}]}]}},
    {"id": "1", "type": 5, "token": "t", "guild_id": "5", "channel": {"id": "6"}, "member": _MEMBER,
     "data": {"custom_id": "papers-form:subscribe", "components": _MODAL}},
    {"id": "1", "type": 5, "token": "t", "user": _MEMBER["user"], "channel": {"id": "6", "type": 1},
     "data": {"custom_id": "papers-form:edit 2", "components": _MODAL},
     "message": {"id": "9", "content": "```\nPapers with: hares\nName: x\nWhen: As soon as found\n```", "flags": 4,
                 "components": [{"type": 17, "components": [{"type": 10, "content": "hello"},
                                                            {"type": 9, "accessory": {"type": 2}}]}]}},
)))  # fmt: skip
TALK = encoded(
    "thanks a lot!", "hello there", "show me some papers", "https://arxiv.org/abs/2605.00001 and arxiv.org/abs/2605.2",
    "/papers search hares", "what is the best way to train agents?", "unsubscribe please now", "👍 :pray:", "help",
    'subscribe "a b" --nmae x',
)  # fmt: skip


class _Workspace:
    """What is asked of Slack while a payload is read."""

    async def identity(self) -> Identity:
        return Identity(team_id="T0TEAM", enterprise_id=None, user_id="U0BOT")

    async def profile(self, user_id: str) -> Profile:
        return Profile(name=f"<b>{user_id}", time_zone="Europe/Berlin")

    async def channel_name(self, channel_id: str) -> str:
        return f"name of {channel_id}"

    async def posters(self, channel_id: str) -> None:
        return None


_CALLS = CommandCalls(cast("SlackApi", _Workspace()))


def _document(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def said(line: str) -> tuple[str, Arguments] | None:
    """The command and its arguments that a line stands for; None where it says what is wrong with it."""
    try:
        name, rest = split_line(line)
        return name, read_arguments(REGISTRY.get(name), rest)
    except UserError as error:
        assert str(error).strip(), "an error without words"
        return None


def stays_in_its_field(line: str, name: str, *, backfill: str = "", instant: bool) -> None:
    """What somebody enters into a field of a form is never read as another option of the command."""
    found = said(line)
    if found is None:
        return
    command, arguments = found
    written = arguments.values.get("instant")
    assert (written == "on" if command == "edit" else written is not None) == instant, line
    assert "name" not in arguments or command == "edit" or name.strip(), line
    assert "backfill" not in arguments or backfill.strip(), line
    assert "for" not in arguments, line


def read_slack(data: bytes) -> None:
    body = _document(data)
    if not isinstance(body, dict):
        return
    for read in (_read_call, _read_view):
        with suppress(*MALFORMED):
            _ours(read, body)


def _ours(read: Callable[[dict[str, Any]], None], body: dict[str, Any]) -> None:
    """What is asserted here is no `AssertionError` of what was malformed."""
    try:
        read(body)
    except AssertionError as error:
        raise RuntimeError(str(error)) from error


def _read_call(body: dict[str, Any]) -> None:
    event = body.get("event")
    if "command" in body:
        call = result_of(_CALLS.of_command(body))
    elif isinstance(event, dict):
        call = result_of(_CALLS.of_message(event))
    else:
        call = result_of(_CALLS.of_button(body))
    assert "\0" not in call.line
    said(call.line)
    with suppress(UserError):
        mention = parse_mention(call.line.rpartition(" ")[2])
        assert parse_mention(mention) == mention
        assert mention_element(mention) is not None
        assert mention_name(mention).startswith("@")
        mentioned_person(mention)


def _read_view(body: dict[str, Any]) -> None:
    view = body["view"]
    chosen_channel(view)
    list(changes_of(view, {"limit": "10", "mention": "<@U0BOB>", "style": "cards"}))
    with suppress(*MALFORMED):
        list(changes_of(view, shown_in(view)))
    with_preview(view, [])
    with suppress(*MALFORMED):
        channel_of_view(view)
    submission: Submission = submission_of(view)
    fields: dict[str, dict[str, Any]] = {
        name: next(iter(block.values()), {}) for name, block in view["state"]["values"].items()
    }
    name, backfill = (str(fields.get(one, {}).get("value", "")) for one in ("name", "backfill"))
    instant = bool(fields.get("instant", {}).get("selected_options"))
    stays_in_its_field(submission.line, name, backfill=backfill, instant=instant)
    said(submission.forecast)


def read_discord(data: bytes) -> None:
    interaction = _document(data)
    if isinstance(interaction, dict):
        with suppress(*MALFORMED):
            _ours(_read_interaction, interaction)


def _read_interaction(interaction: dict[str, Any]) -> None:
    packet = with_defaults(interaction)
    assert packet.get("member") or packet.get("user")
    message = packet.get("message") or {}
    data = packet.get("data") or {}
    form = submitted_modal(data)
    if form is not None:
        _read_form(form)
    texts = [*texts_of(message.get("components") or []), str(message.get("content") or "")]
    restored_modal(TopicModal(number=2), texts)
    for text in texts:
        modal_of_line(text)
        meaning_of(text[:40])
        with suppress(UserError):
            parse_discord_mention(text)
    for option in data.get("options") or ():
        values = {one["name"]: one.get("value") for one in option.get("options") or ()}
        asked = SimpleNamespace(command=option["name"], values=values, file=None)
        if (form := modal_of_command(cast("Any", asked))) is not None:
            _read_form(form)


def _read_form(form: TopicModal) -> None:
    stays_in_its_field(form.line, form.options.name, backfill=form.backfill, instant=form.options.instant)
    assert "\n\n" not in form.written


class _Told:
    """Answers every command that can be read, as `Talk` expects it."""

    async def run(self, call: CommandCall) -> Reply:
        reply = answer(say("Done."))
        return reply if said(call.line) is not None else replace(reply, failed=True)

    async def complete(self, call: CommandCall) -> list[Completion]:
        return []


def read_talk(data: bytes) -> None:
    call = CommandCall(
        line=text_of(data), address=result_of(_CALLS.address("C01")), channel_name="general",
        person=Person(id="U0ADA", name="Ada", may_manage=True),
    )  # fmt: skip
    reply = result_of(Talk(_Told(), REGISTRY).run(call))
    assert reply.message.blocks


TARGETS = (
    Target("slack-payload", read_slack, lambda: SLACK),
    Target("discord-payload", read_discord, lambda: DISCORD),
    Target("talk", read_talk, lambda: TALK),
)
