"""What requests say, without the application around them: forms, paths, queries, headers; and files of settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkstemp
from urllib.parse import parse_qsl, urlencode

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from adapters.web.addresses import address_of_key, channel_key, channel_path, paper_path
from adapters.web.api.operations import OPERATIONS
from adapters.web.pages.channels.drafts import TopicDraft
from adapters.web.pages.channels.settings import entered_in
from adapters.web.people.browsers import browser_in_words
from adapters.web.people.cookies import token_of
from adapters.web.serving.forms import LARGEST_ID, fields_of, id_of
from adapters.web.serving.protection import _is_same_origin, host_name
from bot.app.configuration.environment import unknown_settings, unreadable_lines
from bot.commands.channels.setting import SETTINGS
from bot.commands.channels.settings import SCHEDULE, TIME_ZONE
from bot.panels.settings import changes_line
from tests.fuzz.asgi import request_of
from tests.fuzz.payloads import said, stays_in_its_field
from tests.fuzz.target import Target, encoded
from tests.fuzz.waiting import result_of

_TOPIC = {
    "query": 'hares "fast ones" -slow',
    "name": "Run “ners”",
    "min-upvotes": "3",
    "backfill": "2",
    "instant": "on",
}
_SETTINGS = {
    "was-limit": "10", "limit": "7", "was-style": "cards", "style": "titles", "was-mention": "none", "mention": "@here",
    "was-quiet-days": "none", "quiet-days": "sat “sun”", "was-sources": "all", "source-hf": "on", "timezone": "UTC",
    "schedule-kind": "days", "schedule-time": "17:30", "schedule-mon": "on", "schedule-words": "hourly",
    "was-schedule": "",
}  # fmt: skip
_FORM, _JSON = (
    "POST /\ncontent-type: application/x-www-form-urlencoded\n\n",
    "POST /\ncontent-type: application/json\n\n",
)
FORMS = encoded(
    *(_FORM + urlencode(fields) for fields in (_TOPIC, _SETTINGS)),
    *(_JSON + json.dumps(fields) for fields in (_TOPIC, _SETTINGS)),
)  # fmt: skip
_HEAD = 'host: [::1]:80\norigin: http://[::1]:80\nsec-fetch-site: same-origin\ncookie: paperround_session=x; a="b\n'
_AGENT = "user-agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0\n"
QUERIES = encoded(
    f"GET /channels?platform=slack&archived=true&limit=7&cursor=slack.3\n{_HEAD}{_AGENT}",
    f"GET /papers/search?q=hares&cursor=2\n{_HEAD}", f"GET /channels/3/digests?cursor=9&limit=100\n{_AGENT}",
    f"GET /days/2026-04-21?day=2026-04-21&channel=1&digest=2&paper=2605.00001\n{_HEAD}", "GET /c/slack:T1:C1?id=1\n",
)  # fmt: skip
_ENV = encoded(
    "PAPERROUND_SLACK_BOT_TOKEN=xoxb-1 # x\nPAPERROUND_WEB_PORT='8080'\nexport PAPERROUNDS_DATA_DIR=/x\n",
    "SLACK_BOT_TOKEN=\"a\nb\"\nPAPERROUND_FEEDS\n=x\nPAPER-ROUND_WEBPORT=1\n# c\nOTHER=${HOME}",
)  # fmt: skip


def _asked(data: bytes) -> Request:
    asked = request_of(data, {})
    path, _, query = asked.target.partition("?")
    scope = {
        "type": "http", "method": asked.method, "path": path, "query_string": query.encode(), "headers": asked.headers,
        "scheme": "http", "server": ("x", 80),
    }  # fmt: skip

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": asked.body, "more_body": False}

    return Request(scope, receive)


def read_form(data: bytes) -> None:
    try:
        fields = result_of(fields_of(_asked(data)))
    except HTTPException as refusal:
        assert 400 <= refusal.status_code < 500
        return
    _topic(fields)
    known, entered = entered_in(fields)
    line = changes_line(known, entered)
    if line and (found := said(line)) is not None:
        assert set(found[1].values) <= {*SETTINGS, SCHEDULE, TIME_ZONE} & set(entered), line


def _topic(fields: Mapping[str, str]) -> None:
    for number in (None, 2):
        draft = TopicDraft.of_fields(fields, number)
        again = TopicDraft.of_fields(
            dict(parse_qsl(draft.search().removeprefix("?"), errors="surrogateescape")), number
        )
        assert again == draft
        assert draft.bound is None or draft.bound > 0
        if draft.line and not draft.for_me:
            stays_in_its_field(draft.line, draft.name, backfill=draft.backfill, instant=draft.instant)


def read_query(data: bytes) -> None:
    request = _asked(data)
    given = dict(request.query_params.multi_items())
    operation = OPERATIONS[len(data) % len(OPERATIONS)]
    for asked in (operation.asked, OPERATIONS[data.count(b"a") % len(OPERATIONS)].asked):
        for values in (given, {name: value for name, value in given.items() if name in asked.model_fields}):
            try:
                asked.model_validate(values)
            except ValidationError as error:
                assert error.errors(include_url=False, include_context=False, include_input=False)
    for value in (*given.values(), request.url.path):
        number = id_of(value)
        assert number is None or 0 <= number <= LARGEST_ID
        address = address_of_key(value)
        assert address_of_key(channel_key(address)) == address
        for path in (channel_path(address), paper_path(value)):
            assert path.isascii() and " " not in path
    host_name(request.headers.get("host", ""))
    _is_same_origin(request.headers)
    token_of(request)
    assert len(browser_in_words(request.headers.get("user-agent", ""))) <= 80


class _Settings:
    """Reads inputs as a file `.env`."""

    def __init__(self) -> None:
        self._path: Path | None = None

    def __call__(self, data: bytes) -> None:
        if self._path is None:
            self._path = Path(mkstemp(prefix="paperround-")[1])
        self._path.write_bytes(data)
        for setting in unknown_settings({}, self._path):
            assert str(setting).strip()
        assert all(line > 0 for line in unreadable_lines(self._path))


TARGETS = (
    Target("web-form", read_form, lambda: FORMS),
    Target("web-query", read_query, lambda: QUERIES),
    Target("env-file", _Settings(), lambda: _ENV),
)
