"""What `paperround doctor` looks at in Slack. Each look is a few words about what is well, or an error with advice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from adapters.slack.client.errors import ERRORS, code_of, outcome_of
from adapters.slack.client.payloads import DIRECT_MESSAGE_PREFIX, Json
from adapters.slack.client.web_api import SlackApi, is_inside
from adapters.slack.installation.scopes import SCOPES
from adapters.slack.installation.workspaces import Workspaces
from bot.channels.channel import Channel
from bot.checks import CLOCKS_APART, NoticeError, UncheckedError
from bot.clocks import Clock
from bot.errors import OperatorError, PaperRoundError
from bot.platforms.outcomes import Gone
from bot.text.counting import count_of

_AT_ONCE: Final = 8  # workspaces that are looked at side by side
_SHOWN: Final = 5  # problems that are told in full
_UNTOLD: Final = "Slack does not tell"
_INVITE: Final = "write /invite @Paper Round there"


class SlackDoctor:
    """Looks at the tokens, permissions and channels of every workspace. `with_topics` lists channels with topics."""

    def __init__(
        self,
        workspaces: Workspaces,
        clock: Clock,
        *,
        app_token: str,
        with_topics: Callable[[], Awaitable[Sequence[Channel]]],
    ) -> None:
        self._workspaces = workspaces
        self._clock = clock
        self._app_token = app_token
        self._with_topics = with_topics
        self._asked: dict[str, Any] = {}

    def checks(self) -> Mapping[str, Callable[[], Awaitable[str]]]:
        """Every look, by what it looks at."""
        socket = {"Slack's socket": self.socket} if self._app_token else {}
        return {
            "Slack": self.tokens,
            "Slack's permissions": self.permissions,
            **socket,
            "Slack's channels": self.channels,
            "Clock": self.clock,
        }

    async def tokens(self) -> str:
        """Whether Slack takes the bot tokens."""
        workspaces = await self._ids()
        if not workspaces:
            await self._reach()
            raise NoticeError(f"no workspace has the app yet. {self._workspaces.advice_if_refused}")
        await self._each(workspaces, self._token_problem)
        names = [(await self._ask(workspace)).get("team") or workspace for workspace in workspaces[:_SHOWN]]
        more = f" and {len(workspaces) - _SHOWN} more" if len(workspaces) > _SHOWN else ""
        return f"the token works in {', '.join(names)}{more}"

    async def permissions(self) -> str:
        """Whether the app has every permission that its manifest asks for."""
        workspaces = await self._ids()
        if not workspaces:
            raise UncheckedError("not checked: no workspace has the app yet")
        if any(await self._each(workspaces, self._missing_scopes)):
            raise UncheckedError("not checked: Slack does not tell which the app has")
        return "the app has all that it needs"

    async def socket(self) -> str:
        """Whether Slack takes the app-level token."""
        try:
            await self._workspaces.connection.client().apps_connections_open(app_token=self._app_token)
        except ERRORS as error:
            outcome = outcome_of(error)
            if isinstance(outcome, Gone):
                raise OperatorError(
                    f"Slack does not accept the app-level token ({code_of(error)}). PAPERROUND_SLACK_APP_TOKEN starts "
                    "with xapp- and has the scope connections:write; Socket Mode is switched on in the app's settings."
                ) from error
            raise OperatorError(f"No socket can be had: {outcome.reason}") from error
        return "the app-level token works"

    async def channels(self) -> str:
        """Whether the bot is a member of the channels that have topics."""
        channels = await self._with_topics()
        of_workspace: dict[str, list[Channel]] = {}
        for channel in channels:
            of_workspace.setdefault(channel.address.workspace, []).append(channel)
        known = [workspace for workspace in await self._ids() if workspace in of_workspace]
        told = await self._each(known, lambda workspace: self._absences(workspace, of_workspace[workspace]))
        later = [sentence for sentence in told if sentence]
        if any(sentence.startswith(_UNTOLD) for sentence in later):
            raise UncheckedError(" ".join(later))
        if later:
            return " ".join(later)
        return "I am in every channel that has topics" if channels else "none has topics yet"

    async def clock(self) -> str:
        """Whether this machine's clock and Slack's agree: signed requests are refused beyond five minutes."""
        try:
            headers = (await self._workspaces.connection.client().api_test()).headers
        except ERRORS as error:
            headers = getattr(getattr(error, "response", None), "headers", {})
        try:
            theirs = parsedate_to_datetime(headers.get("Date", ""))
        except ValueError:
            raise UncheckedError("not checked: Slack did not tell the time") from None
        apart = self._clock.now() - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
        if abs(apart) > CLOCKS_APART:
            where = "ahead of" if apart > timedelta() else "behind"
            raise OperatorError(
                f"This machine's clock is {round(abs(apart).total_seconds()):,} seconds {where} Slack's. Beyond 300 "
                "every request that Slack signs is refused. Have the clock set automatically (NTP)."
            )
        return "agrees with Slack's"

    # ---- one workspace

    async def _token_problem(self, workspace: str) -> str:
        if problem := await self._workspaces.problem(workspace):
            raise OperatorError(problem)
        await self._ask(workspace)
        return ""

    async def _missing_scopes(self, workspace: str) -> str:
        answer = await self._ask(workspace)
        given = answer.headers.get("x-oauth-scopes")
        if given is None:
            return "unknown"
        has = {scope.strip() for scope in given.split(",")}
        if missing := [scope for scope in SCOPES if scope not in has]:
            raise OperatorError(
                f"In {answer.get('team') or workspace} the app lacks {', '.join(missing)}. "
                f"{self._workspaces.advice_on_scopes}"
            )
        return ""

    async def _absences(self, workspace: str, channels: Sequence[Channel]) -> str:
        """Channels that the bot is not in yet but may join; raises `OperatorError` for those that it may not."""
        api = await self._api(workspace)
        try:
            mine = await api.own_channels()
        except ERRORS as error:
            # What is missing was said with the permissions.
            return f"{_UNTOLD} which channels I am in ({code_of(error) or outcome_of(error).reason})."
        joinable: list[str] = []
        closed: list[str] = []
        between_people = 0
        for channel in channels:
            found = {} if channel.address.channel in mine else await _conversation(api, channel.address.channel)
            if found is None and channel.address.channel.startswith(DIRECT_MESSAGE_PREFIX):
                between_people += 1
            elif found is None or found.get("is_archived"):
                closed.append(f"#{channel.name}")
            elif found and not is_inside(found):
                (closed if found.get("is_private") else joinable).append(f"#{channel.name}")
        problems = [f"I cannot post in {', '.join(closed)}: {_INVITE}, or remove the topics."] if closed else []
        if between_people:
            problems.append(
                f"In {count_of(between_people, 'conversation')} between people nothing can come, because apps cannot "
                "post there: remove the topics."
            )
        if problems:
            raise OperatorError(" ".join(problems))
        if joinable:
            return f"{', '.join(joinable)}: I join with the next digest; to have me there now, {_INVITE}."
        return ""

    async def _reach(self) -> None:
        """Whether Slack answers at all; raises `OperatorError`."""
        try:
            await self._workspaces.connection.client().api_test()
        except ERRORS as error:
            raise OperatorError(
                f"Slack cannot be reached ({outcome_of(error).reason}). Look at the network, and at "
                "PAPERROUND_SLACK_API_URL if it is set."
            ) from error

    async def _ids(self) -> Sequence[str]:
        try:
            return await self._workspaces.ids()
        except ERRORS as error:
            raise OperatorError(self._advised(error)) from error

    async def _ask(self, workspace: str) -> Any:
        """Slack's answer to `auth.test` there; asked once."""
        if workspace not in self._asked:
            api = await self._api(workspace)
            try:
                self._asked[workspace] = await api.client.auth_test()
            except ERRORS as error:
                raise OperatorError(f"{workspace}: {self._advised(error)}") from error
        return self._asked[workspace]

    def _advised(self, error: BaseException) -> str:
        """What is the matter, with what to do where it is the token's."""
        outcome = outcome_of(error)
        return f"{outcome.reason} {self._workspaces.advice_if_refused}" if isinstance(outcome, Gone) else outcome.reason

    async def _api(self, workspace: str) -> SlackApi:
        try:
            api = await self._workspaces.by_id(workspace)
        except ERRORS as error:
            raise OperatorError(f"{workspace}: {outcome_of(error).reason}") from error
        if api is None:
            raise OperatorError(f"{workspace}: {self._workspaces.not_installed}")
        return api

    async def _each(self, workspaces: Sequence[str], look: Callable[[str], Awaitable[str]]) -> list[str]:
        """Looks at every workspace; raises one `OperatorError` for all that have a problem."""
        gate = asyncio.Semaphore(_AT_ONCE)
        problems: list[str] = []

        async def one(workspace: str) -> str:
            async with gate:
                try:
                    return await look(workspace)
                except PaperRoundError as error:
                    problems.append(str(error))
                    return ""

        told = await asyncio.gather(*(one(workspace) for workspace in workspaces))
        if problems:
            more = f" And {len(problems) - _SHOWN} more like that." if len(problems) > _SHOWN else ""
            raise OperatorError(" ".join(sorted(problems)[:_SHOWN]) + more)
        return list(told)


async def _conversation(api: SlackApi, channel: str) -> Json | None:
    """What Slack says of a conversation; None when it shows us none with that id."""
    try:
        answer = await api.client.conversations_info(channel=channel)
    except ERRORS:
        return None
    found: Json = answer["channel"]
    return found
