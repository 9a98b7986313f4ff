"""The rows of channels: how they are found, and the channels that they hold."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row, Select, select

from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName
from bot.errors import UserError
from storage.tables.channels import CHANNELS, MAIL_RECIPIENTS, PERSONAL_CHANNELS, WORKSPACES

SETTINGS_JSON: TypeAdapter[ChannelSettings] = TypeAdapter(ChannelSettings)

_log = structlog.get_logger()


def select_channels() -> Select[Any]:
    """All that `channel_of` needs, of channels that were not deleted."""
    workspace, name = WORKSPACES.c.external_id.label("workspace"), WORKSPACES.c.name.label("workspace_name")
    columns = (PERSONAL_CHANNELS.c.person, MAIL_RECIPIENTS.c.follows)
    return (
        select(CHANNELS, WORKSPACES.c.platform, workspace, name, *columns)
        .join_from(CHANNELS, WORKSPACES, CHANNELS.c.workspace_id == WORKSPACES.c.id)
        .outerjoin(PERSONAL_CHANNELS, PERSONAL_CHANNELS.c.channel_id == CHANNELS.c.id)
        .outerjoin(MAIL_RECIPIENTS, MAIL_RECIPIENTS.c.channel_id == CHANNELS.c.id)
        .where(CHANNELS.c.deleted_at.is_(None))
    )


def channel_of(row: Row[Any]) -> Channel:
    return Channel(
        id=row.id,
        address=Address(PlatformName(row.platform), row.workspace, row.external_id),
        name=row.name,
        workspace_name=row.workspace_name,
        time_zone=row.time_zone,
        schedule=row.schedule,
        settings=settings_of(row.settings, row.id),
        state=ChannelState(row.state),
        reason=row.reason,
        paused_until=row.paused_until,
        next_digest_at=row.next_digest_at,
        instant_at=row.instant_at,
        archived_at=row.archived_at,
        person=row.person or "",
        follows=row.follows,
    )


def settings_of(stored: dict[str, Any], channel_id: int) -> ChannelSettings:
    """The settings of a channel. Those that cannot be read, as another version wrote them, are what they are where
    nobody has set them: one such channel must not keep all others from their papers."""
    try:
        return SETTINGS_JSON.validate_python(stored)
    except ValidationError as error:
        misread = frozenset(str(one["loc"][0]) for one in error.errors() if one["loc"])
        _tell_misread(channel_id, misread)
        return SETTINGS_JSON.validate_python({name: one for name, one in stored.items() if name not in misread})


@lru_cache(1024)
def _tell_misread(channel_id: int, misread: frozenset[str]) -> None:
    """Says so once in the log."""
    _log.warning("settings.not_understood", channel_id=channel_id, settings=sorted(misread))


def deleted_meanwhile() -> UserError:
    """What somebody reads whose change comes at the moment in which another one deletes the channel."""
    return UserError("This channel was deleted in the meantime. Nothing was changed.")


def at_address(address: Address) -> tuple[Any, Any]:
    """Which rows are of the workspace of that address."""
    return WORKSPACES.c.platform == address.platform, WORKSPACES.c.external_id == address.workspace
