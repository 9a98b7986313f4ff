"""Secrets: whatever goes wrong, and however much is logged, none of them is written anywhere."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request as Asking
from urllib.request import urlopen

import pytest
from pydantic import SecretStr

from bot.app.configuration.settings import Settings
from bot.people.tokens import token_key
from tests.e2e.process import Bot, wait_until
from tests.feed_server import ScriptedFeed, http_answer
from tests.patience import PATIENCE
from tests.ports import free_port

MARK = "Mark3dSecret"
#: Where a secret has to have a form.
FORMS = {
    "slack_bot_token": f"xoxb-1-{MARK}BotToken",
    "slack_app_token": f"xapp-1-{MARK}AppToken",
    "secret_key": base64.urlsafe_b64encode(f"{MARK}SecretKey".encode().ljust(32, b"k")).decode(),
    "smtp_url": f"smtp://bot:{MARK}Smtp@127.0.0.1:9",
    "discord_token": f"MTIzNDU2Nzg5MDEyMzQ1Njc4.{MARK}.Discord",
}
SECRETS = {
    name: FORMS.get(name, f"{MARK}-{name}")
    for name, field in Settings.model_fields.items()
    if field.annotation is SecretStr
}
OTHERS = {"chosen": f"{MARK} chosen by Ada", "guess": f"{MARK} guessed", "database": f"{MARK}OfDatabase"}


def settings_for(site: str, **more: str) -> dict[str, str]:
    given = {
        name: value for name, value in SECRETS.items() if name not in ("slack_signing_secret", "slack_client_secret")
    }
    addresses = {
        name: site for name, field in Settings.model_fields.items() if name.endswith("_url") and "database" not in name
    }
    return {**addresses, **given, "mail_from": "papers@lab.example", "log_level": "debug", "web": "true", **more}


def revealed(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """What stands around each secret, whole or in part, and where."""
    marks = (MARK, FORMS["secret_key"][:12])
    return [
        (where, text[max(0, text.index(mark) - 60) : text.index(mark) + 60])
        for where, text in texts.items()
        for mark in marks
        if mark in text
    ]


def ask(url: str, *, form: dict[str, str] | None = None, headers: Mapping[str, str] | None = None) -> str:
    """What a server says, headers included, whatever it thinks of the question."""
    body = urlencode(form).encode() if form is not None else None
    try:
        with urlopen(Asking(url, data=body, headers=dict(headers or {})), timeout=PATIENCE) as answer:
            return f"{answer.headers}\n{answer.read().decode()}"
    except HTTPError as error:
        return f"{error.headers}\n{error.read().decode()}"


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[tuple[Bot, int]]:
    """A bot at debug level with every secret that can be set, around which nothing works."""
    port = free_port()
    echo = lambda request: http_answer({"echo": dict(request.headers)}, status=500)  # noqa: E731
    with ScriptedFeed(echo) as feed:
        bot = Bot(tmp_path / "data", **settings_for(feed.url, web_port=str(port)))
        (tmp_path / "data").mkdir()
        try:
            yield bot, port
        finally:
            bot.close()


@pytest.mark.long
def test_no_secret_is_written_while_nothing_works(broken: tuple[Bot, int], tmp_path: Path) -> None:
    bot, port = broken
    here, texts = f"http://127.0.0.1:{port}", {}
    bot.start()
    assert wait_until(lambda: "HTTP" not in _alive(here) and _alive(here) != ""), bot.log()
    bearer = f"Bearer {SECRETS['web_password']}"
    for name, headers in (
        ("right", {"authorization": bearer}),
        ("wrong", {"authorization": f"Bearer {OTHERS['guess']}"}),
    ):
        for path in ("/metrics", "/readyz", "/people"):
            texts[f"{path} with the {name} password"] = ask(here + path, headers=headers)
    texts["a wrong log-in"] = ask(f"{here}/login", form={"name": "ada", "password": OTHERS["guess"]})
    texts["a right log-in"] = ask(f"{here}/login", form={"password": SECRETS["web_password"]})
    token = bot.cli("tokens", "create", "owner").stdout.strip()
    texts["the API"] = ask(f"{here}/api/v1/channels", headers={"authorization": f"Bearer {token}"})
    assert '"items"' in texts["the API"]
    texts["the API with a wrong token"] = ask(f"{here}/api/v1/channels", headers={"authorization": f"Bearer {token}x"})
    texts["Slack's request"] = ask(f"{here}/slack/events", form={"token": OTHERS["guess"]})
    assert bot.stop() == 0
    for arguments in (
        ("status",), ("people", "list"),
        ("audit", "--json"), ("tokens", "list"), ("backup", str(tmp_path / "backup")),
    ):  # fmt: skip
        ended = bot.cli(*arguments, expect=None)
        texts[arguments[0]] = ended.stdout + ended.stderr
    texts["the log"] = bot.log()
    texts["the backup"] = gzip.decompress((tmp_path / "backup").read_bytes()).decode()
    assert "owner" in texts["the backup"]
    assert "debug" in texts["the log"]
    assert revealed(texts) == []
    assert not [
        where for where, text in texts.items() if token.removeprefix("ppr_") in text or token_key(token) in text
    ]


def test_no_secret_is_written_when_nothing_can_be_opened(tmp_path: Path) -> None:
    texts = {}
    url = f"postgresql://paperround:{OTHERS['database']}@127.0.0.1:9/paperround"
    apart = Bot(tmp_path / "other", **settings_for("http://127.0.0.1:9", database_url=url))
    for arguments in (("run",), ("doctor",)):
        ended = apart.cli(*arguments, expect=None)
        assert ended.returncode != 0
        texts[f"{arguments[0]} without a database"] = ended.stdout + ended.stderr
    assert all(texts.values())
    assert revealed(texts) == []


def _alive(here: str) -> str:
    try:
        return ask(f"{here}/healthz").rpartition("\n\n")[2].strip()
    except OSError:
        return ""


def test_a_secret_would_be_found() -> None:
    assert revealed({"a log": json.dumps({"event": "x", "token": SECRETS["slack_bot_token"]})})
    assert len(SECRETS) >= 8
