"""From what Slack sends to the core's `CommandCall`: the line, where it was said, and by whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import structlog

from adapters.slack.client.errors import ERRORS, code_of, explained
from adapters.slack.client.payloads import DIRECT_MESSAGE_PREFIX, Json
from adapters.slack.client.web_api import DIRECT_MESSAGES, SlackApi
from adapters.slack.interactions.permissions import may_post, person_of
from adapters.slack.messages.block_kit import printable
from adapters.slack.messages.mentions import named, unnamed_person
from bot.channels.channel import Address, PlatformName
from bot.commands.lines import split_line
from bot.commands.papers.searching import SHARE
from bot.errors import UserError
from bot.papers.ids import linked_paper_ids
from bot.platforms.command_calls import CommandCall

log = structlog.get_logger(__name__)

#: What Slack makes of links, people, channels and groups in what somebody types.
_TOKEN = re.compile(r"<(?P<sign>[@#!]|(?=https?://|mailto:|tel:))(?P<what>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
_MENTION_LINE = re.compile(r"\s*(?:/papers\s+)?(?:settings\s+mention|configure)\b", re.IGNORECASE)
_MOST_NAMED = 5  # people and channels that Slack is asked about for one line
#: What Slack says in place of the name of a channel that is not public.
_NAMELESS = frozenset(("", "privategroup", "directmessage"))


def typed(text: str, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """The text as the person typed it: Slack escapes three characters, wraps links, and writes people and channels by
    their ids. `names` are those of ids that come without one. Whom a channel's digests mention stays as Slack has it.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    if not _MENTION_LINE.match(text):
        text = _TOKEN.sub(lambda found: _written(found, names), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _written(found: re.Match[str], names: Mapping[str, str]) -> str:
    sign, what, label = found["sign"], found["what"], found["label"] or ""
    match sign:
        case "@" | "#":
            return sign + (label or names.get(what, what)).removeprefix(sign)
        case "!" if what.startswith("date^"):
            return label
        case "!":
            return "@" + (label or what.removeprefix("subteam^")).removeprefix("@")
        case _:
            # Slack takes `fast.ai` for an address, too: the label is what was written. A link to a paper is one.
            return what if not label or linked_paper_ids(what) else label


def chosen_line(body: Json) -> str:
    """The line that a pressed button or a chosen entry of a menu stands for, empty where it is none of ours."""
    action = body["actions"][0]
    return str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")


def _shares(line: str) -> bool:
    """Whether a line shares a paper with the channel, as the commands read it: people write in many ways."""
    try:
        return split_line(line)[0].lower() == SHARE
    except UserError:  # too long for a command
        return False


class CommandCalls:
    """Reads slash commands and pressed buttons."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api

    async def of_command(self, body: Json) -> CommandCall:
        line = await self._typed(body.get("text") or "")
        return await self._call(line, body["channel_id"], body.get("channel_name") or "", body["user_id"])

    async def _typed(self, text: str) -> str:
        names: dict[str, str] = {}
        for found in _TOKEN.finditer(text):
            sign, what = found["sign"], found["what"]
            if sign in ("@", "#") and not found["label"] and what not in names and len(names) < _MOST_NAMED:
                names[what] = await (self._person_name(what) if sign == "@" else self.channel_name(what))
        return typed(text, names)

    async def of_button(self, body: Json) -> CommandCall:
        """Raises `KeyError` for a button that is in no channel's message."""
        container = body.get("container") or {}
        channel = body.get("channel") or {"id": container["channel_id"]}
        return await self._call(
            chosen_line(body),
            channel["id"],
            channel.get("name") or "",
            body["user"]["id"],
            container.get("message_ts") or body["message"]["ts"],
        )

    async def of_message(self, event: Json) -> CommandCall:
        """What somebody writes to the bot, in their conversation with it or, for all to read, after a mention of it."""
        me = (await self._api.identity()).user_id
        text = re.sub(rf"<@{re.escape(me)}(?:\|[^<>]*)?>", " ", event.get("text") or "")
        call = await self._call((await self._typed(text)).strip(), event["channel"], "", event["user"])
        return replace(call, public=not event["channel"].startswith(DIRECT_MESSAGE_PREFIX))

    async def of_home(self, line: str, user_id: str) -> CommandCall:
        """A button in the app's home, which is in no channel."""
        return await self._call(line, "", "no channel", user_id)

    async def of_form(self, line: str, channel_id: str, channel_name: str, user_id: str) -> CommandCall:
        """A line that a form stands for. Without a channel it must be one that concerns none, like a search."""
        return await self._call(line, channel_id, channel_name if channel_id else "no channel", user_id)

    async def address(self, channel_id: str) -> Address:
        """The channel's address in our workspace; raises one of `errors.ERRORS` when that is not known yet.

        Not the team of the payload: in a channel shared between companies that may be the other one's.
        """
        return Address(PlatformName.SLACK, (await self._api.identity()).team_id, channel_id)

    async def channel_name(self, channel_id: str, name: str = "") -> str:
        """The name people know the channel by, its id where that cannot be found out."""
        if name not in _NAMELESS and not name.startswith("mpdm-"):
            return name
        try:
            return await self._api.channel_name(channel_id)
        except ERRORS as error:
            log.info("slack.channel_unnamed", channel=channel_id, reason=explained(error))
            # An app that was installed before it asked for this scope is still in its own conversations.
            unasked = channel_id.startswith(DIRECT_MESSAGE_PREFIX) and code_of(error) == "missing_scope"
            return DIRECT_MESSAGES if unasked else channel_id

    async def _call(
        self, line: str, channel_id: str, channel_name: str, user_id: str, from_message: str | None = None
    ) -> CommandCall:
        if _MENTION_LINE.match(line) and (who := unnamed_person(line)):
            line = named(line, await self._person_name(who))
        person = await person_of(self._api, user_id, personal=channel_id.startswith(DIRECT_MESSAGE_PREFIX))
        if person.may_post and _shares(line):
            person = replace(person, may_post=await may_post(self._api, channel_id, person))
        return CommandCall(
            line=printable(line),
            address=await self.address(channel_id),
            channel_name=await self.channel_name(channel_id, channel_name),
            person=person,
            from_message=from_message,
        )

    async def _person_name(self, user_id: str) -> str:
        """What a person is called, their id where that cannot be found out."""
        try:
            return (await self._api.profile(user_id)).name
        except ERRORS as error:
            log.info("slack.person_unnamed", person=user_id, reason=explained(error))
            return user_id
