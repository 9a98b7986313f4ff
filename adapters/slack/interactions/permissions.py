"""What somebody may do in a channel, as far as Slack tells."""

from __future__ import annotations

import structlog

from adapters.slack.client.errors import ERRORS, code_of, explained, is_refused
from adapters.slack.client.web_api import SlackApi
from adapters.slack.messages.mentions import ADMINS
from bot.platforms.command_calls import Person

log = structlog.get_logger(__name__)


async def person_of(api: SlackApi, user_id: str, *, personal: bool = False) -> Person:
    """Who somebody is, and whether they may manage the channel that they are in.

    Slack offers commands and buttons only to members, so whoever gives one is a member, and every member may; a
    guest of the workspace is one, too. People from other companies in a shared channel and bots only look. In a
    `personal` conversation with the bot there is nobody else to ask.
    """
    try:
        profile = await api.profile(user_id)
    except ERRORS as error:
        log.warning("slack.person_unknown", person=user_id, reason=explained(error))
        # Where the app may not look at people at all, Slack's word that they are in the channel must do. Whether
        # they are admins is unknown then, and a role for admins has nobody.
        unasked = code_of(error) == "missing_scope"
        return Person(
            id=user_id,
            name="Someone",
            may_manage=unasked or personal,
            as_member=not personal,
            known=unasked or is_refused(error),
        )
    return Person(
        id=user_id,
        name=profile.name,
        may_manage=personal or not (profile.external or profile.bot or profile.gone),
        as_member=not personal,
        may_administer=profile.admin,
        may_post=not (profile.bot or profile.gone),
        roles=frozenset({ADMINS} if profile.admin else ()),
        time_zone=profile.time_zone,
    )


async def may_post(api: SlackApi, channel_id: str, person: Person) -> bool:
    """Whether somebody may write in a channel that they are in. Where Slack does not say, members may."""
    try:
        allowed = await api.posters(channel_id)
    except ERRORS as error:
        log.info("slack.posters_unknown", channel=channel_id, reason=explained(error))
        return True
    return allowed is None or person.id in allowed or person.may_administer
