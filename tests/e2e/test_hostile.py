"""A feed that means harm, from the wire to the page: it stops nothing, breaks nothing and pings nobody."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.request import urlopen

from tests.e2e.process import Bot, wait_until
from tests.feed_server import Request, ScriptedFeed, http_answer
from tests.patience import PATIENCE
from tests.ports import free_port

SCRIPT = "<script>document.title='owned'</script>"
ENTRIES: list[object] = [
    {"paper": {"id": "2605.00001", "title": f"Harmless {SCRIPT}", "summary": f"{SCRIPT} <img src=x onerror=alert(1)>"}},
    {"paper": {"id": "2605.00002", "title": "x" * 100_000, "summary": "y " * 50_000, "upvotes": 3}},
    {"paper": {"id": "2605.00003", "title": "Ping <!channel> @everyone <@U123> [a](javascript:alert(1))"}},
    {"paper": {"id": "2605.00004", "title": "Turned \u202egnp.exe\u202c \x00\x07\x1b[31m", "upvotes": "many"}},
    {
        "paper": {
            "id": "2605.00005",
            "title": "Links",
            "projectPage": "javascript:alert(1)",
            "githubRepo": "file:///etc",
        }
    },
    {
        "paper": {"id": "2605.00006", "title": "Types", "authors": 5, "summary": ["a"], "publishedAt": {}},
        "thumbnail": 7,
    },
    {"paper": {"id": "2605.00007", "title": "{{ 7 * 7 }} {% raw %} ${7*7}", "authors": [{"name": SCRIPT}, None, 3]}},
    {"paper": {"id": "../../etc/passwd", "title": "No id"}},
    {"paper": {"title": "None at all"}},
    {"paper": None},
    None,
    [],
    "text",
]


def _replies(request: Request) -> bytes:
    # Whatever day is asked for has the same entries; pages after the first are empty.
    return http_answer(ENTRIES if request.query.get("p", "0") == "0" else [])


def test_hostile_entries_reach_the_page_as_text(tmp_path: Path) -> None:
    port = free_port()
    with ScriptedFeed(_replies) as feed:
        bot = Bot(tmp_path, huggingface_url=feed.url, web_port=str(port))
        bot.set_up("subscribe *", "schedule instant", "settings abstracts on")
        polled = bot.cli("poll")
        assert "7 papers new or changed" in polled.stdout
        assert "unusable" in polled.stdout
        bot.cli("deliver")
        assert sorted(bot.posted()["general"].values()) == [1] * 7
        bot.start()
        try:
            page = ""

            def has_page() -> bool:
                nonlocal page
                try:
                    with urlopen(f"http://127.0.0.1:{port}/c/general", timeout=PATIENCE) as answer:
                        page = answer.read().decode()
                except OSError:
                    return False
                return True

            assert wait_until(has_page)
        finally:
            assert bot.stop() == 0
    assert "<script>document" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"""(href|src)=["']?(javascript|file|data):""", page)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x07\x1b]", page)
    assert "{{ 7 * 7 }}" in page
    assert len(page) < 200_000
