"""The web's part of the bot: its port, its pages, and what is served without them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from bot.app.adapters.mail import has_mail
from bot.app.adapters.people import people_of
from bot.app.assembly import channel_feeds_of, history_of
from bot.app.configuration.settings import NewPeople, Settings
from bot.errors import SettingsError
from bot.people.account import Role

if TYPE_CHECKING:  # The libraries of pages take a tenth of a second to load, and many runs do not need them.
    from adapters.web.people.entrance import LoginOptions
    from adapters.web.serving.server import WebServer
    from bot.app.application import Application

STOP_WITHIN: Final = 10  # seconds that open connections get when the bot stops


async def web_server(application: Application, banner: str = "") -> WebServer:
    """The HTTP server; raises `SettingsError` when the workspace would be open to the world."""
    from adapters.web.app import create_app, create_operating_app
    from adapters.web.serving.server import WebServer, server_config

    settings, listens = application.settings, application.role.listens
    people = people_of(application.store, application.clock)
    await people.follow_setting(settings.web_password.get_secret_value())
    if listens:
        open_to_the_world(settings, anybody=await people.anybody())
        app = create_app(
            platform=application.web,
            commands=application.commands,
            channel_panels=application.panels,
            connected=application.platforms,
            library=application.library,
            thumbnails=application.feeds.thumbnails,
            channel_feeds=channel_feeds_of(application.store),
            directory=application.directory,
            history=history_of(application.store),
            clock=application.clock,
            health=application.health,
            metrics=application.exposition,
            people=people,
            audit=application.store.audit,
            login=_login(settings),
            allowed_hosts=_hosts(settings),
            banner=banner,
            with_workspace=settings.has_workspace,
            mailing=application.mailing if has_mail(settings) else None,
            votes=application.services.votes,
            precedence=application.engine.precedence,
            extra_routes=application.slack.routes() if application.slack else (),
        )
    else:
        app = create_operating_app(
            health=application.health,
            metrics=application.exposition,
            people=people,
            login=_login(settings),
            clock=application.clock,
            allowed_hosts=_hosts(settings),
        )
    config = server_config(
        app,
        host=settings.web_host,
        port=settings.web_port,
        trusted_proxies=settings.web_trusted_proxies,
        stop_within=STOP_WITHIN,
    )
    return WebServer(config, application.web)


def _login(settings: Settings) -> LoginOptions:
    from adapters.web.people.entrance import LoginOptions

    return LoginOptions(
        password=settings.web_password.get_secret_value(),
        open_here=not settings.has_workspace or _is_loopback(settings.web_host),
        begins_here=not settings.has_chat,
        user_header=settings.web_user_header,
        new_people=None if settings.web_user_role is NewPeople.NONE else Role(settings.web_user_role),
        trusted_proxies=settings.web_trusted_proxies,
        link_base=settings.public_url,
    )


def _hosts(settings: Settings) -> tuple[str, ...]:
    """Names under which the port may be called."""
    return ("localhost", "127.0.0.1", "::1", settings.web_host, *settings.web_allowed_hosts)


def open_to_the_world(settings: Settings, *, anybody: bool) -> None:
    """Raises `SettingsError` if nobody could log in where they have to. `anybody` is whether there are accounts."""
    password, header = settings.web_password.get_secret_value(), settings.web_user_header
    if settings.has_workspace and not (password or header or anybody or _is_loopback(settings.web_host)):
        raise SettingsError(
            f"PAPERROUND_WEB_HOST={settings.web_host} can be reached from outside. Set PAPERROUND_WEB_PASSWORD, "
            "add somebody with `paperround people add NAME --role manager`, or leave the host at 127.0.0.1."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
