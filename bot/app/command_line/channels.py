"""Channels: `channels` lists them, `channels copy` copies topics from one to another."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import click

from bot.app.adapters.addresses import parse_address
from bot.app.command_line.exit_codes import WRONG_USAGE
from bot.app.command_line.inspection import operators_call
from bot.app.command_line.session import with_application
from bot.channels.channel import Channel, PlatformName
from bot.errors import UserError
from bot.messages.plain import plain_text
from bot.text.counting import count_of

if TYPE_CHECKING:  # loaded where something is done: not for a word of help
    from bot.app.application import Application


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def channels(context: click.Context, as_json: bool) -> None:
    """All channels, with their topics and schedules.

    Without those of people's own topics.
    """
    if context.invoked_subcommand is not None:
        return

    async def work(application: Application) -> int:
        store = application.store
        found = [
            one for platform in PlatformName for one in await store.channels.on_platform(platform) if not one.person
        ]
        topics = await store.topic_files.topics([one.id for one in found])
        if as_json:
            click.echo(json.dumps([_as_json(one, len(topics.get(one.id, ()))) for one in found], ensure_ascii=False))
            return 0
        for one in found:
            state = f" [{one.reason or one.state}]" if one.state != "active" else ""
            words = f"{count_of(len(topics.get(one.id, ())), 'topic')}, {one.schedule} ({one.time_zone}){state}"
            click.echo(f"{one.address!s:40} {one.full_name}: {words}")
        if not found:
            click.echo("No channel was set up yet.", err=True)
        return 0

    with_application(work)


@channels.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy(source: str, target: str) -> None:
    """Copy the topics of channel FROM to channel TO.

    Those that it has already stay as they are. Both are addresses (web/general, slack/T123/C456), or names that only
    one channel has. A channel TO that there is not yet is added, if it is an address.
    """

    from bot.app.adapters.topic_files import topic_files_of

    async def work(application: Application) -> int:
        files = topic_files_of(application.store, application.services)
        origin = await files.channel(source)
        try:
            there = await files.channel(target)
            address, name = there.address, there.name
        except UserError:
            if "/" not in target:
                raise
            address, name = parse_address(target)
        reply = await application.commands.run(operators_call(f"copy {origin.address}", address, name))
        click.echo(plain_text(reply.message), err=reply.failed)
        return WRONG_USAGE if reply.failed else 0

    with_application(work)


def _as_json(channel: Channel, topics: int) -> dict[str, str | int | bool | None]:
    return {
        "address": str(channel.address),
        "platform": channel.address.platform.value,
        "workspace": channel.address.workspace,
        "workspace_name": channel.workspace_name,
        "name": channel.name,
        "topics": topics,
        "schedule": channel.schedule,
        "time_zone": channel.time_zone,
        "next_digest_at": _iso(channel.next_digest_at),
        "state": channel.state.value,
        "reason": channel.reason or None,
        "paused_until": _iso(channel.paused_until),
        "archived": channel.archived_at is not None,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
