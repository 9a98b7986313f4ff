"""The manifest in `deploy/slack` is the one that the commands make."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.slack.manifest import as_yaml, manifest
from adapters.slack.paths import EVENTS_PATH, REDIRECT_PATH
from bot.commands.runner import REGISTRY

FILE = Path(__file__).resolve().parents[3] / "deploy" / "slack" / "manifest.yaml"


def test_the_file_is_what_the_commands_make() -> None:
    assert FILE.read_text(encoding="utf-8") == as_yaml(manifest(REGISTRY)), (
        "make it again: python -m adapters.slack.manifest > deploy/slack/manifest.yaml"
    )


def test_the_limits_of_a_manifest_are_kept() -> None:
    made = manifest(REGISTRY)
    shown = made["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 175 <= len(shown["long_description"]) <= 4000
    for command in REGISTRY:
        assert f"/papers {command.name}" in shown["long_description"]
    (slash,) = made["features"]["slash_commands"]
    assert slash["command"] == "/papers"
    assert slash["usage_hint"].startswith("help | search")
    assert len(made["features"]["unfurl_domains"]) <= 5


def test_over_http_every_request_comes_to_one_address() -> None:
    made = manifest(REGISTRY, address="https://papers.example.org/")
    url = f"https://papers.example.org{EVENTS_PATH}"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["interactivity"]["request_url"] == url
    assert made["settings"]["event_subscriptions"]["request_url"] == url
    assert made["features"]["slash_commands"][0]["url"] == url
    assert made["oauth_config"]["redirect_urls"] == [f"https://papers.example.org{REDIRECT_PATH}"]


def test_over_a_socket_slack_needs_no_address_of_ours() -> None:
    made = manifest(REGISTRY)
    assert made["settings"]["socket_mode_enabled"] is True
    assert "://" not in as_yaml(made)


@pytest.mark.parametrize("address", ["", "https://papers.example.org"])
def test_slack_takes_the_manifest(address: str) -> None:
    """What https://docs.slack.dev/reference/app-manifest says of fields and their limits."""
    made = manifest(REGISTRY, address=address)
    assert set(made) <= {"_metadata", "display_information", "features", "oauth_config", "settings"}
    assert set(made["oauth_config"]) <= {"redirect_urls", "scopes", "token_management_enabled", "pkce_enabled"}
    assert set(made["settings"]) <= {
        "allowed_ip_address_ranges", "event_subscriptions", "interactivity", "org_deploy_enabled",
        "socket_mode_enabled", "token_rotation_enabled", "hermes_app_type", "function_runtime", "is_mcp_enabled",
    }  # fmt: skip
    assert all(url.startswith("https://") for url in made["oauth_config"].get("redirect_urls", []))
    scopes, events = made["oauth_config"]["scopes"]["bot"], made["settings"]["event_subscriptions"]["bot_events"]
    assert len(set(scopes)) == len(scopes) <= 255
    assert len(set(events)) == len(events) <= 100
    assert {"app_uninstalled", "tokens_revoked"} <= set(events)
    assert all(len(shortcut["name"]) <= 24 for shortcut in made["features"]["shortcuts"])


def test_the_yaml_is_readable() -> None:
    shown = as_yaml({"a": {"b": [True, "x: y"], "c": [{"d": "é", "e": 1}]}})
    assert shown == 'a:\n  b:\n    - true\n    - "x: y"\n  c:\n    - d: "é"\n      e: 1\n'
