"""Fields of payloads that are of another type than Slack documents: they count as missing."""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from adapters.slack.client.payloads import drop_misfits
from tests.fuzz.slack import corpus_of
from tests.simulators.slack import SlackSimulator


def payload_of(request: bytes) -> Any:
    body = request.partition(b"\n")[2].decode()
    return json.loads(body) if body.startswith("{") else dict(parse_qsl(body))


async def test_what_slack_sends_stays_as_it_is(slack: SlackSimulator) -> None:
    payloads = [payload_of(request) for request in corpus_of(slack, slack.channel())]
    assert len(payloads) > 40
    for payload in payloads:
        kept = copy.deepcopy(payload)
        drop_misfits(kept)
        assert kept == payload


def test_what_is_no_text_or_object_where_one_has_to_be_is_dropped() -> None:
    payload = {
        "channel_id": ["C01"],
        "channel": 7,
        "user": {"id": {"U": 1}, "name": "ada"},
        "response_url": 1.5,
        "container": [1],
        "actions": [None, {"action_id": "a", "value": {}, "selected_option": "x"}],
        "event": {"type": "message", "user": ["U0"], "links": "x", "text": None, "more": {"text": 1}},
        "message": {"user": {"id": "U0"}, "ts": "1.0"},
        "of_another_time": [1],
    }
    drop_misfits(payload)
    assert payload == {
        "user": {"name": "ada"},
        "actions": [{"action_id": "a"}],
        "event": {"type": "message", "text": None, "more": {"text": 1}},
        "message": {"ts": "1.0"},
        "of_another_time": [1],
    }


@pytest.mark.parametrize(
    ("event", "left"),
    [
        ({"type": "member_left_channel", "channel": {"id": "C1"}, "user": "U1"}, {"user": "U1"}),
        ({"type": "member_left_channel", "channel": "C1", "user": {"id": "U1"}}, {"channel": "C1"}),
        ({"type": "channel_rename", "channel": "C1"}, {}),
        ({"type": "user_change", "user": {"id": "U1"}, "channel": None}, {"user": {"id": "U1"}, "channel": None}),
        ({"type": "reaction_added", "item": {"channel": {"id": "C1"}, "ts": "1.0"}}, {"item": {"ts": "1.0"}}),
        ({"channel": {"id": "C1"}}, {}),
    ],
)
def test_an_event_has_an_id_or_an_object_by_its_type(event: dict[str, Any], left: dict[str, Any]) -> None:
    kind = {"type": event["type"]} if "type" in event else {}
    payload = {"event": event}
    drop_misfits(payload)
    assert payload == {"event": kind | left}
