"""Tokens for programs that read the workspace: `tokens create`, `list` and `revoke`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from bot.app.adapters.people import people_of
from bot.app.command_line.session import with_application
from bot.people.account import ApiToken
from bot.people.record import TERMINAL
from bot.people.tokens import MOST_DAYS, USUAL_DAYS

if TYPE_CHECKING:  # loaded where something is done: not for a word of help
    from bot.app.application import Application


@click.group()
def tokens() -> None:
    """Tokens with which programs read the JSON API.

    They read what somebody may read, with `Authorization: Bearer ppr_…`. People make their own on the page of their
    account. A token is shown once, and only its hash is kept.
    """


@tokens.command()
@click.argument("person")
@click.option("--name", default="terminal", show_default=True, help="What it is for.")
@click.option(
    "--days",
    type=click.IntRange(0, MOST_DAYS),
    metavar="N",
    default=USUAL_DAYS,
    show_default=True,
    help="For how long it is valid, 0 for ever.",
)
def create(person: str, name: str, days: int) -> None:
    """Make a token of PERSON, and print it."""

    async def work(application: Application) -> int:
        people = people_of(application.store, application.clock)
        account = await people.named(person)
        token, kept = await people.tokens.create(account, name, days or None, by=TERMINAL)
        click.echo(f"Token {kept.id} of {account.name}, “{kept.name}”. It is not shown again:", err=True)
        click.echo(token)
        return 0

    with_application(work)


@tokens.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_(as_json: bool) -> None:
    """All tokens: whose they are, what for, when they were used last."""

    async def work(application: Application) -> int:
        found = await people_of(application.store, application.clock).tokens.of()
        if as_json:
            click.echo(json.dumps([_as_json(one) for one in found], ensure_ascii=False))
            return 0
        for one in found:
            ends = f"until {one.expires_at:%Y-%m-%d}" if one.expires_at else "for ever"
            used = f"used {one.used_at:%Y-%m-%d %H:%M}" if one.used_at else "never used"
            click.echo(f"{one.id:5} {one.account.name:24} {one.name}: {ends}, {used}")
        if not found:
            click.echo("There are no tokens.", err=True)
        return 0

    with_application(work)


@tokens.command()
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """End a token by its NUMBER.

    Programs that have it are let in no more.
    """

    async def work(application: Application) -> int:
        token = await people_of(application.store, application.clock).tokens.revoke(number, by=TERMINAL)
        click.echo(f"Token {token.id} of {token.account.name}, “{token.name}”, is revoked.")
        return 0

    with_application(work)


def _as_json(token: ApiToken) -> dict[str, str | int | None]:
    return {
        "id": token.id,
        "person": token.account.name,
        "name": token.name,
        "made_at": token.made_at.isoformat(),
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "used_at": token.used_at.isoformat() if token.used_at else None,
    }
