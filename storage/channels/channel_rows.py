"""The rows of channels: how they are found, and the channels that they hold."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, select

from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName
from storage.tables.channels import CHANNELS, MAIL_RECIPIENTS, PERSONAL_CHANNELS, WORKSPACES

SETTINGS_JSON: TypeAdapter[ChannelSettings] = TypeAdapter(ChannelSettings)


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
        settings=SETTINGS_JSON.validate_python(row.settings),
        state=ChannelState(row.state),
        reason=row.reason,
        paused_until=row.paused_until,
        next_digest_at=row.next_digest_at,
        instant_at=row.instant_at,
        archived_at=row.archived_at,
        person=row.person or "",
        follows=row.follows,
    )


def at_address(address: Address) -> tuple[Any, Any]:
    """Which rows are of the workspace of that address."""
    return WORKSPACES.c.platform == address.platform, WORKSPACES.c.external_id == address.workspace
