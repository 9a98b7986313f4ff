"""People of the web workspace, and what was changed: `people` and `audit`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from bot.app.adapters.people import invitation_link, people_of, state_of
from bot.app.command_line.session import with_application
from bot.people.account import LONGEST_PASSWORD, Account, Role
from bot.people.audit import AuditLine
from bot.people.people import INVITATION_LENGTH, People
from bot.people.record import TERMINAL
from bot.text.cleaning import clean_line

if TYPE_CHECKING:  # loaded where something is done: not for a word of help
    from bot.app.application import Application

_ROLE = click.Choice([role.value for role in Role])


@click.group()
def people() -> None:
    """Who may log in to the web workspace.

    Readers read, search, save and vote; managers change what channels get, too. As soon as there is somebody,
    everybody has to log in. Whoever has PAPERROUND_WEB_PASSWORD is the manager called owner.
    """


@people.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_(as_json: bool) -> None:
    """Everybody, with their roles."""

    async def work(application: Application) -> int:
        accounts = await _people(application).accounts()
        if as_json:
            shown = [{"name": one.name, "role": one.role.value, "state": state_of(one)} for one in accounts]
            click.echo(json.dumps(shown, ensure_ascii=False))
            return 0
        for account in accounts:
            click.echo(f"{account.name:24} {account.role.value:8} {state_of(account)}")
        if not accounts:
            click.echo("Nobody yet: whoever reaches the workspace is let in, and it answers on this machine alone.")
        return 0

    with_application(work)


@people.command()
@click.argument("name")
@click.option("--role", type=_ROLE, default=Role.READER.value, show_default=True, help="What they may do.")
@click.option("--password", "ask", is_flag=True, help="Ask for their password, instead of making a link.")
def add(name: str, role: str, ask: bool) -> None:
    """Add somebody, and print a link to choose a password with.

    The link is valid once.
    """
    password = _read_password() if ask else None

    async def work(application: Application) -> int:
        who = _people(application)
        account = await who.add(name, Role(role), by=TERMINAL, password=password)
        click.echo(f"{account.name} is a {account.role} now.")
        if password is None:
            await _print_invitation(application, who, account)
        return 0

    with_application(work)


@people.command()
@click.argument("name")
def invite(name: str) -> None:
    """Print another link to choose a password with.

    The last one is no longer valid.
    """

    async def work(application: Application) -> int:
        who = _people(application)
        await _print_invitation(application, who, await who.named(name))
        return 0

    with_application(work)


@people.command()
@click.argument("name")
def password(name: str) -> None:
    """Ask for a new password, and log them out everywhere.

    It may also come from standard input.
    """
    chosen = _read_password()

    async def work(application: Application) -> int:
        who = _people(application)
        account = await who.named(name)
        await who.set_password(account, chosen, by=TERMINAL)
        click.echo(f"{account.name} has a new password, and is logged out everywhere.")
        return 0

    with_application(work)


@people.command()
@click.argument("name")
@click.argument("role", type=_ROLE)
def role(name: str, role: str) -> None:
    """Change what somebody may do, and log them out everywhere."""

    async def work(application: Application) -> int:
        who = _people(application)
        account = await who.named(name)
        await who.set_role(account, Role(role), by=TERMINAL)
        click.echo(f"{account.name} is a {role} now.")
        return 0

    with_application(work)


@people.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove somebody, their reading list and their own topics."""

    async def work(application: Application) -> int:
        who = _people(application)
        account = await who.named(name)
        await who.remove(account, by=TERMINAL)
        click.echo(f"{account.name} is removed.")
        return 0

    with_application(work)


@click.command()
@click.option(
    "--limit", type=click.IntRange(1, 100_000), metavar="N", default=50, show_default=True, help="How many changes."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def audit(limit: int, as_json: bool) -> None:
    """Who changed what, from where and when, the latest first."""

    async def work(application: Application) -> int:
        lines = await application.store.audit.lines(limit=limit)
        if not lines:
            click.echo("Nothing was changed yet.", err=True)
        for line in lines:
            click.echo(json.dumps(_as_json(line), ensure_ascii=False) if as_json else _in_words(line))
        return 0

    with_application(work)


def _people(application: Application) -> People:
    return people_of(application.store, application.clock)


async def _print_invitation(application: Application, who: People, account: Account) -> None:
    token = await who.invite(account, by=TERMINAL)
    click.echo(
        f"With this link they choose their password. It is valid once, for {INVITATION_LENGTH.days} days:", err=True
    )
    click.echo(invitation_link(application.settings, token))


def _read_password() -> str:
    """Asked for twice on a terminal, else the first line of standard input: an argument would be seen by others."""
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return typed
    return sys.stdin.readline(LONGEST_PASSWORD + 2).rstrip("\r\n")


def _in_words(line: AuditLine) -> str:
    change = line.change
    where = f" in {change.address} ({change.channel_name})" if change.address else ""
    # What people typed is not to move the terminal's cursor, name its window, or look like another line.
    return clean_line(
        f"{change.at:%Y-%m-%d %H:%M:%S} {change.via.value} {change.name}{where}: {change.line} [{line.outcome.value}]",
        sys.maxsize,
    )


def _as_json(line: AuditLine) -> dict[str, str | int | None]:
    change = line.change
    return {
        "id": line.id,
        "at": change.at.isoformat(),
        "via": change.via.value,
        "person": change.person,
        "name": change.name,
        "channel": str(change.address) if change.address else None,
        "channel_name": change.channel_name or None,
        "line": change.line,
        "outcome": line.outcome.value,
    }
