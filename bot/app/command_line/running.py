"""Running the bot: `demo`, `run`, and one round of it by hand: `poll`, `deliver`."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.app.command_line.session import announcement, load, loading, run_to_end, with_application
from bot.app.configuration.settings import LogLevel, Settings, load_settings
from bot.app.logs import configure_logs
from bot.clocks import ShiftedClock
from bot.posting.roles import ProcessRole
from bot.text.counting import count_of

if TYPE_CHECKING:  # the whole bot, which is loaded where it runs: not for a word of help
    from bot.app.application import Application


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="PORT", help="Port of the web workspace, instead of 8421."
)
def demo(port: int | None) -> None:
    """The whole bot with sample papers, in a browser.

    It needs no token and no network, and keeps nothing.
    """
    with tempfile.TemporaryDirectory(prefix="paperround-demo-") as folder:
        # Half of a platform's settings, as while somebody sets it up, is no reason not to show the demo.
        changes: dict[str, Any] = {
            name: field.get_default()
            for name, field in Settings.model_fields.items()
            if name.startswith(("slack_", "discord_", "smtp_", "mail_"))
        }
        changes |= {"data_dir": Path(folder), "database_url": "", "web": True}
        if port is not None:
            changes["web_port"] = port
        settings = load_settings().model_copy(update=changes)
        configure_logs(LogLevel.WARNING, settings.log_format, settings.secrets)
        run_to_end(_demo(settings))


async def _demo(settings: Settings) -> None:
    with loading():
        from bot.app.application import open_application
        from bot.app.demo import CHANNELS, Demo, banner
        from bot.app.service import serve
        from bot.app.sources import demo_feed

    clock = ShiftedClock(datetime.now(UTC))
    feed, days = demo_feed(clock)
    async with open_application(settings, clock=clock, sources=[feed]) as application:
        show = Demo(application.engine, application.commands, application.store.channels, clock, application.web.tell)
        await show.set_up(CHANNELS, days[0])
        await serve(
            application, partial(show.run, days), banner=banner(days), announce=announcement("Paper Round's demo is at")
        )
    click.echo("Stopped.", err=True)


@click.command()
@click.option(
    "--role",
    type=click.Choice([role.value for role in ProcessRole]),
    default=ProcessRole.ALL.value,
    show_default=True,
    help="gateway: connections, commands, pages. worker: feeds, digests, posts. Both need PostgreSQL.",
)
def run(role: str) -> None:
    """The bot itself, until Ctrl-C.

    It reads the feeds, posts digests, and answers commands on every platform that has credentials; without any it
    serves the web workspace.
    """
    with loading():
        from bot.app.application import open_application
        from bot.app.service import raise_file_limit, serve
        from bot.app.start_log import log_start

    settings, does = load(), ProcessRole(role)
    raise_file_limit()

    async def work() -> None:
        say = partial(click.echo, err=True)
        async with open_application(settings, announce=say, role=does) as application:
            await log_start(application)
            pages = settings.has_workspace and does.listens
            what = "The web workspace is at" if pages else "Health checks are at"
            await serve(application, application.run, announce=announcement(what))

    run_to_end(work())


@click.command()
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Read this day, such as 2026-04-14, instead of what is new.",
)
def poll(day: datetime | None) -> None:
    """Read the feeds once, then end."""

    async def work(application: Application) -> int:
        reports = await application.engine.poll(day.date() if day else None)
        for report in reports:
            if report.error:
                click.echo(f"{report.source}: {report.error}", err=True)
            else:
                read = f"{count_of(report.days, 'day')} read, {count_of(report.listings, 'listing')}"
                skipped = f", {count_of(report.skipped, 'unusable entry')}" if report.skipped else ""
                click.echo(f"{report.source}: {read}, {count_of(report.changed, 'paper')} new or changed{skipped}")
        return 1 if any(report.error for report in reports) else 0

    with_application(work)


@click.command()
def deliver() -> None:
    """Post everything that is due, then end."""

    async def work(application: Application) -> int:
        await application.engine.reconcile()
        posts = await application.engine.deliver()
        click.echo(f"{count_of(posts, 'message')} sent or tried")
        for name in sorted(application.platforms.difference(application.engine.leadership.ours)):
            click.echo(f"{name.capitalize()} is served by another process, which posts there itself.", err=True)
        return 0

    with_application(work)
