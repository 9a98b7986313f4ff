"""The diagnosis: everything that `paperround doctor` looks at, in order, whatever is broken on the way."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.feeds.doctor import feed_checks
from bot.app.adapters.mail import has_mail
from bot.app.adapters.slack import has_slack
from bot.app.adapters.web import open_to_the_world
from bot.app.application import Application, open_application
from bot.app.configuration.settings import Settings
from bot.app.doctor.findings import Finding, Mark, findings_of
from bot.app.doctor.machine_checks import machine_checks
from bot.app.doctor.store_checks import store_checks
from bot.checks import Check
from bot.errors import PaperRoundError, SettingsError
from bot.people.account import Role
from bot.text.counting import count_of
from storage.store import SqlStore

_OF_THE_STORE = ("Search index", "Meaning", "Channels", "Topics", "Posts", "Processes", "People")


async def diagnose(settings: Settings, problems: Sequence[str]) -> AsyncGenerator[Finding, None]:
    """The findings, each as soon as there is one. `problems` are those that `read_settings` found."""
    async for finding in findings_of(machine_checks(settings, problems)):
        yield finding
    try:
        has_slack(settings)
    except SettingsError as error:
        yield Finding("Slack", Mark.PROBLEM, str(error))
        settings = _without_slack(settings)
    try:
        has_mail(settings)
    except SettingsError as error:
        yield Finding("Mail", Mark.PROBLEM, str(error))
        settings = settings.model_copy(update={"smtp_url": SecretStr(""), "mail_from": ""})
    try:
        async with open_application(settings) as application:
            async for finding in findings_of({**_stored(application), **await _outside(application)}):
                yield finding
            return
    except PaperRoundError as error:
        yield Finding("Database", Mark.PROBLEM, str(error))
    for what in _OF_THE_STORE:
        yield Finding(what, Mark.UNCHECKED, "not checked, because the database cannot be opened")
    async for finding in _without_store(settings):
        yield finding


async def _without_store(settings: Settings) -> AsyncGenerator[Finding, None]:
    """What can be looked at beside the store: with an empty one that is thrown away."""
    if settings.slack_client_id:
        words = "not checked: the tokens of its workspaces are in the database, which cannot be opened"
        yield Finding("Slack", Mark.UNCHECKED, words)
        settings = _without_slack(settings)
    with tempfile.TemporaryDirectory(prefix="paperround-doctor-") as folder:
        apart = settings.model_copy(update={"data_dir": Path(folder), "database_url": ""})
        try:
            async with open_application(apart) as application:
                async for finding in findings_of(await _outside(application)):
                    yield finding
        except PaperRoundError as error:
            yield Finding("Feeds and chat platforms", Mark.PROBLEM, str(error))


def _stored(application: Application) -> Mapping[str, Check]:
    checks = store_checks(application.health, application.store.channels, application.index, application.meaning)
    return {**checks, "People": partial(_people, application.settings, application.store)}


async def _people(settings: Settings, store: SqlStore) -> str:
    accounts = await store.people.accounts()
    open_to_the_world(settings, anybody=bool(accounts))
    if not settings.has_workspace:
        return "the web workspace is not served"
    managers = sum(account.role is Role.MANAGER for account in accounts)
    if accounts:
        return f"{count_of(len(accounts), 'account')}, {count_of(managers, 'manager')}"
    if settings.web_password.get_secret_value() or settings.web_user_header:
        return "everybody has to log in"
    return "nobody logs in: the workspace answers on this machine alone"


async def _outside(application: Application) -> Mapping[str, Check]:
    feeds, discord = application.feeds, application.discord
    checks = feed_checks(
        feeds.sources,
        client=feeds.client,
        catalogue=feeds.catalogue,
        categories=feeds.categories,
        added=await application.added.sources(),
    )
    return {**checks, **application.slack_checks, **(discord.checks() if discord else {}), **application.mail_checks}


def _without_slack(settings: Settings) -> Settings:
    blank: dict[str, Any] = {
        name: field.get_default() for name, field in Settings.model_fields.items() if name.startswith("slack_")
    }
    return settings.model_copy(update=blank)
