"""Where Slack, and people who install the app, find the bot over HTTP."""

from __future__ import annotations

from typing import Final

EVENTS_PATH: Final = "/slack/events"
INSTALL_PATH: Final = "/slack/install"
REDIRECT_PATH: Final = "/slack/oauth_redirect"
