"""Which workspace a payload is for.

In a channel that companies share, a person, a message and the app may each belong to another workspace. What Slack says
of the app's installation counts first. https://docs.slack.dev/apis/slack-connect
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapters.slack.client.payloads import Json


def installation_ids(body: Json) -> list[str]:
    """The ids of teams, then of organisations, that a payload may be for, the most certain one first."""
    found = [*_teams(body), *_organisations(body)]
    return list(dict.fromkeys(one for one in found if isinstance(one, str) and one))


def _teams(body: Json) -> Iterator[Any]:
    view, message = _part(body, "view"), _part(body, "message")
    yield view.get("app_installed_team_id")
    if message.get("app_id") in (None, body.get("api_app_id")):
        # A button below one of our messages: it belongs to the installation that posted it, whoever presses it.
        yield message.get("team")
    for authorization in _authorizations(body):
        yield authorization.get("team_id")
    yield body.get("context_team_id")
    yield body["team"] if isinstance(body.get("team"), str) else _part(body, "team").get("id")
    yield body.get("team_id")
    yield view.get("team_id")
    yield _part(body, "user").get("team_id")


def _organisations(body: Json) -> Iterator[Any]:
    for authorization in _authorizations(body):
        yield authorization.get("enterprise_id")
    yield body.get("context_enterprise_id")
    yield _part(body, "enterprise").get("id")
    yield body.get("enterprise_id")
    yield _part(body, "team").get("enterprise_id")


def _part(body: Json, name: str) -> Json:
    part = body.get(name)
    return part if isinstance(part, dict) else {}


def _authorizations(body: Json) -> list[Json]:
    given = body.get("authorizations")
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
