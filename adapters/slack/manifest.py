"""The app's manifest, made from the list of commands: what Slack must know to create the app.

`python -m adapters.slack.manifest` writes the one for Socket Mode, with an address the one for HTTP.
https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from adapters.slack.events.channels import EVENTS
from adapters.slack.events.reactions import ADDED, REMOVED
from adapters.slack.installation.scopes import SCOPES
from adapters.slack.interactions.settings_modal import SETTINGS_SHORTCUT
from adapters.slack.interactions.topic_modal import SHORTCUT
from adapters.slack.paths import EVENTS_PATH, REDIRECT_PATH
from bot.commands.registry import Registry
from bot.commands.runner import REGISTRY

_DESCRIPTION: Final = "Posts the research papers that match your channels' topics"
_COLOR: Final = "#1f3a5f"
_LONGEST_HINT: Final = 100  # characters that fit into Slack's suggestion
_LONGEST_DESCRIPTION: Final = 4_000
_INTRODUCTION: Final = (
    "Paper Round watches Daily Papers and arXiv, and posts the few papers that match each channel's topics at the time "
    "the channel chose. Each paper comes once. Links to arXiv and Hugging Face papers become cards."
)


def manifest(registry: Registry, *, address: str = "") -> dict[str, Any]:
    """The manifest for Socket Mode, or for HTTP when the bot's public `address` is given."""
    base = address.rstrip("/")
    requests = {"request_url": base + EVENTS_PATH} if base else {}
    redirects = {"redirect_urls": [base + REDIRECT_PATH]} if base else {}
    described = "\n".join([_INTRODUCTION, "", *(f"/papers {command.usage}: {command.summary}" for command in registry)])
    return {
        "display_information": {
            "name": "Paper Round",
            "description": _DESCRIPTION,
            "long_description": described[:_LONGEST_DESCRIPTION],
            "background_color": _COLOR,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Paper Round", "always_online": True},
            "shortcuts": _shortcuts(),
            "slash_commands": [_slash_command(registry, requests.get("request_url", ""))],
            "unfurl_domains": ["arxiv.org", "huggingface.co", "hf.co", "alphaxiv.org"],
        },
        "oauth_config": {**redirects, "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {
                **requests,
                "bot_events": sorted((*EVENTS, ADDED, REMOVED, "app_home_opened", "app_mention", "message.im")),
            },
            "interactivity": {"is_enabled": True, **requests},
            "org_deploy_enabled": True,
            "socket_mode_enabled": not base,
            "token_rotation_enabled": False,
        },
    }


def _shortcuts() -> list[dict[str, str]]:
    """What people find in the search field and below the lightning bolt."""
    return [
        {
            "name": "Add a topic",
            "type": "global",
            "callback_id": SHORTCUT,
            "description": "Papers on it are posted to a channel",
        },
        {
            "name": "Channel settings",
            "type": "global",
            "callback_id": SETTINGS_SHORTCUT,
            "description": "When a channel's papers come, and how they look",
        },
    ]


def _slash_command(registry: Registry, url: str) -> dict[str, Any]:
    return {
        "command": "/papers",
        **({"url": url} if url else {}),
        "description": _DESCRIPTION,
        "usage_hint": _hint([command.name for command in registry]),
        # Mentions come as ids, which is what `settings mention` takes.
        "should_escape": True,
    }


def _hint(names: list[str]) -> str:
    hint = ""
    for name in names:
        longer = f"{hint} | {name}" if hint else name
        if len(longer) > _LONGEST_HINT:
            break
        hint = longer
    return hint


def as_yaml(value: dict[str, Any]) -> str:
    """The manifest as YAML. Every string is quoted as in JSON, which YAML reads the same."""
    return "".join(f"{line}\n" for line in _lines(value, ""))


def _lines(value: dict[str, Any], indent: str) -> Iterator[str]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield f"{indent}{name}:"
            yield from _lines(inner, indent + "  ")
        elif isinstance(inner, list):
            yield f"{indent}{name}:"
            for item in inner:
                if isinstance(item, dict):
                    first, *rest = _lines(item, indent + "    ")
                    yield f"{indent}  - {first.lstrip()}"
                    yield from rest
                else:
                    yield f"{indent}  - {json.dumps(item)}"
        else:
            yield f"{indent}{name}: {json.dumps(inner, ensure_ascii=False)}"


if __name__ == "__main__":
    sys.stdout.write(as_yaml(manifest(REGISTRY, address="".join(sys.argv[1:2]))))
