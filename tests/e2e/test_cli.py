"""The command line, run as people run it: answers on stdout, logs on stderr, exit codes that mean something."""

from __future__ import annotations

import asyncio
import json
import lzma
import os
import re
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bot.app.command_line.program import COMMANDS, cli
from bot.app.command_line.session import run_to_end
from bot.errors import OperatorError
from tests.e2e.process import Bot, wait_until
from tests.feed_server import FeedServer, needs_recordings
from tests.ports import free_port


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    bot = Bot(tmp_path / "data", huggingface_url="http://127.0.0.1:9")
    yield bot
    bot.close()


@pytest.fixture(scope="module")
def april() -> Iterator[FeedServer]:
    """The feeds of 15 April 2026, for those who only read them."""
    with FeedServer(today="2026-04-15", arxiv=True) as feed:
        yield feed


def test_a_first_visit_in_the_terminal(bot: Bot, tmp_path: Path) -> None:
    papers = tmp_path / "papers.jsonl.xz"
    lines = [
        {"id": "2605.00001", "title": "Fast Diffusion", "abstract": "We study diffusion.", "authors": ["Ada Lovelace"],
         "categories": ["cs.LG"], "announced": "2026-05-11"},
        {"id": "2605.00002", "title": "Slow Turtles", "abstract": "Turtles.", "authors": "A. Turing and K. Gödel",
         "categories": "cs.AI cs.LG", "announced": "2026-05-12"},
        {"id": "nonsense"},
    ]  # fmt: skip
    papers.write_bytes(lzma.compress("\n".join(map(json.dumps, lines)).encode()))
    imported = bot.from_the_shell("import", str(papers))
    assert imported.returncode == 0
    assert "2 papers imported, 1 line skipped" in imported.stdout
    assert "line 3" in imported.stderr
    found = json.loads(bot.cli("search", "turtle", "--json").stdout)
    assert found["query"] == "turtle"
    assert found["total"] == 1
    (paper,) = found["papers"]
    assert (paper["id"], paper["title"], paper["url"], paper["upvotes"]) == (
        "2605.00002",
        "Slow Turtles",
        "https://arxiv.org/abs/2605.00002",
        0,
    )
    assert paper["score"] > 0
    assert "Slow Turtles" in bot.cli("search", "author:godel").stdout
    answer = bot.command("subscribe cat:cs.LG --name Learning")
    assert answer["ephemeral"] is True
    assert "Topic 1 added" in answer["text"]
    assert answer["papers"] == ["2605.00002", "2605.00001"]
    status = json.loads(bot.cli("status", "--json").stdout)
    assert (status["papers"], status["channels"], status["subscriptions"]) == (2, 1, 1)
    assert status["posts"] == {"pending": 0, "leased": 0, "unknown": 0, "sent": 0, "failed": 0}
    assert status["sources"]["huggingface"]["last_success"] is None


def test_nothing_is_pruned_by_a_clock_that_may_be_ahead(bot: Bot, tmp_path: Path) -> None:
    papers = tmp_path / "papers.jsonl"
    papers.write_text(json.dumps({"id": "2405.00001", "title": "Old", "abstract": "We study turtles."}))
    bot.cli("import", str(papers))

    def listed_on(day: str) -> None:
        row = ("huggingface", day, "2405.00001", 1, f"{day} 12:00:00.000000", 1)
        with closing(sqlite3.connect(bot.database)) as connection, connection:
            connection.execute("INSERT INTO listings VALUES (?, ?, ?, ?, ?, ?)", row)

    listed_on("2024-05-11")
    refused = bot.cli("prune", expect=1)
    assert "the newest paper is of 2024-05-11" in refused.stderr
    assert "write paperround prune --anyway" in refused.stderr
    assert "Would delete" in bot.cli("prune", "--dry-run").stdout
    assert "Deleted" in bot.cli("prune", "--anyway").stdout
    listed_on(datetime.now(UTC).date().isoformat())
    assert "Deleted" in bot.cli("prune").stdout


def test_mistakes_end_with_their_sentence_and_code_two(bot: Bot) -> None:
    done = bot.cli("search", '"mixture of experts', expect=2)
    assert "^" in done.stderr
    assert done.stdout == ""
    for query in ("-survey", "-has:code", "-hallucinations cat:nope"):
        assert "^" in bot.cli("search", query, expect=2).stderr
    assert "Did you mean `/papers search`?" in bot.cli("command", "serach x", expect=2).stderr
    assert "is no channel" in bot.cli("command", "topics", "--channel", "nowhere", expect=2).stderr
    assert "Did you mean 'status'?" in bot.cli("stauts", expect=2).stderr
    shell = bot.from_the_shell("status", "--jsn")
    assert "No such option" in shell.stderr
    assert shell.returncode == 2
    assert "not in the range" in bot.cli("search", "x", "--limit", "-5", expect=2).stderr
    document = json.loads(bot.cli("command", "serach x", "--json", expect=2).stdout)
    assert document["papers"] == []


#: What is in a file that has no papers in it, and what is said of it.
WITHOUT_PAPERS = {
    "x.csv": ("id,title\n2401.00001,Csv\n", "x.csv has no usable line. Papers come one object per line"),
    "empty.jsonl": ("\n\n", "empty.jsonl has no usable line"),
    "one.json": ('{\n  "id": "2401.00001",\n  "title": "One"\n}\n', "one object per line"),
    "arr.json": (
        '[\n{"id":"2401.00001","title":"One"},\n{"id":"2401.00002","title":"Two"}\n]\n',
        "is one JSON array",
    ),
    "flat.json": ('[{"id":"2401.00001","title":"One"}]', "is one JSON array"),
    "bom.json": ('\ufeff [{"id":"2401.00001","title":"One"}]', "is one JSON array"),
}


def test_a_file_without_papers_is_no_success(bot: Bot, tmp_path: Path) -> None:
    for name, (content, words) in WITHOUT_PAPERS.items():
        (tmp_path / name).write_text(content)
        assert words in bot.cli("import", str(tmp_path / name), expect=1).stderr, name
    assert json.loads(bot.cli("status", "--json").stdout)["papers"] == 0


def test_the_doctor_names_what_was_meant_to_be_a_setting_and_goes_on(tmp_path: Path) -> None:
    bot = Bot(tmp_path / "data", slack_bot_tokn="x", poll_minutes="often", arxiv_categories="cs.XX", web_host="0.0.0.0")
    told = bot.cli("doctor", expect=1).stdout
    marks = {line.split(": ")[0][2:]: line[0] for line in told.splitlines() if line[:1] in "✓✗!–"}
    assert marks["Settings"] == marks["Categories"] == marks["People"] == marks["arXiv's API"] == "✗"
    assert marks["Database"] == marks["Search index"] == marks["Data folder"] == marks["Disk"] == "✓"
    assert marks["Channels"] == marks["Topics"] == "!"
    for words in (
        "Did you mean PAPERROUND_SLACK_BOT_TOKEN?", "“often” is no number", "no category “cs.XX”",
        "Set PAPERROUND_WEB_PASSWORD", "PAPERROUND_ARXIV_API_URL",
    ):  # fmt: skip
        assert words in told


def test_the_doctor_looks_at_the_rest_where_the_database_cannot_be_opened(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        bot = Bot(tmp_path, database_url="postgresql://ada:geheim@127.0.0.1:1/x", slack_client_id="1.2", web_port=port)
        told = bot.cli("doctor", expect=1).stdout
    assert "✗ Database: the database did not answer" in told
    assert f"✗ Web port: Nothing can listen on 127.0.0.1:{port}" in told
    assert "✗ Slack: PAPERROUND_SLACK_CLIENT_SECRET is missing" in told
    assert "– Topics: not checked" in told
    assert "✗ Hugging Face" in told or "✓ Hugging Face" in told
    assert "geheim" not in told


def test_the_doctor_tells_of_a_busy_database_broken_channels_and_an_index_behind(bot: Bot, tmp_path: Path) -> None:
    bot.set_up("subscribe diffusion")
    papers = tmp_path / "papers.jsonl"
    papers.write_text(json.dumps({"id": "2605.00001", "title": "Fast Diffusion"}))
    bot.cli("import", str(papers))
    shutil.rmtree(bot.folder / "index")
    with sqlite3.connect(bot.database) as connection:
        connection.execute("UPDATE channels SET state = 'broken', reason = 'It was archived.'")
    connection.close()
    told = bot.cli("doctor", expect=1).stdout
    assert "✗ Channels: Nothing can be posted in 1 channel" in told
    assert "It was archived." in told
    assert "! Search index: it was 1 paper behind the database" in told
    assert "✓ Topics: 1 topic" in told
    with sqlite3.connect(bot.database, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        told = bot.cli("doctor", expect=1).stdout
        writer.execute("ROLLBACK")
    writer.close()
    assert "✗ Database: Nothing could be written for 5 seconds" in told
    assert "✗ Channels" in told


def test_the_doctor_knows_the_bot_that_has_the_port(bot: Bot) -> None:
    port = str(free_port())
    running = Bot(bot.folder, huggingface_url="http://127.0.0.1:9", web_port=port, poll_minute="5")
    running.folder.mkdir(parents=True)
    running.start()
    try:
        assert wait_until(lambda: "start.next_digest" in running.log() and "web workspace is at" in running.log())
        assert "✓ Web port: the bot is running there" in running.cli("doctor", expect=1).stdout
        started = [json.loads(line)["event"] for line in running.log().splitlines() if line.startswith("{")]
        assert "Did you mean PAPERROUND_POLL_MINUTES?" in running.log()
    finally:
        assert running.stop() == 0
    assert started.pop(0) == "settings.unknown"
    assert started[:6] == [
        "start.version", "start.database", "start.feeds", "start.platforms", "start.channels", "start.next_digest",
    ]  # fmt: skip


def test_trouble_ends_with_a_sentence_and_code_one(bot: Bot, tmp_path: Path) -> None:
    assert "✗ Hugging Face: " in bot.cli("doctor", expect=1).stdout
    failed = bot.cli("poll", expect=1)
    assert "huggingface: " in failed.stderr
    assert "Traceback" not in failed.stderr
    status = json.loads(bot.cli("status", "--json").stdout)
    assert status["sources"]["huggingface"]["last_error"]
    assert "Traceback" not in bot.cli("import", str(tmp_path / "missing.jsonl"), expect=1).stderr
    wrong = Bot(tmp_path / "other", database_url="mysql://root@localhost/x")
    assert "SQLite or PostgreSQL" in wrong.cli("status", expect=1).stderr
    wrong = Bot(tmp_path / "other", poll_minutes="often")
    assert "PAPERROUND_POLL_MINUTES" in wrong.cli("status", expect=1).stderr
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert "PAPERROUND_DATA_DIR" in Bot(blocked / "data").cli("status", expect=1).stderr
    open_to_all = Bot(tmp_path / "third", web_host="0.0.0.0")
    assert "PAPERROUND_WEB_PASSWORD" in open_to_all.cli("run", expect=78).stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = Bot(tmp_path / "fourth", web_port=str(taken.getsockname()[1])).cli("run", expect=1).stderr
    assert "PAPERROUND_WEB_PORT" in words
    assert "never awaited" not in words


def test_a_place_that_cannot_be_looked_at_is_told_as_such(bot: Bot, tmp_path: Path) -> None:
    # As a folder of somebody else's, which root may enter and a name like this one nobody can have.
    nowhere = tmp_path / ("x" * 300)
    assert "PAPERROUND_DATA_DIR" in Bot(nowhere / "data").cli("status", expect=1).stderr
    for line in (("backup", nowhere), ("backup", "--keep", "3", nowhere), ("topics", "export", nowhere)):
        words = bot.cli(*map(str, line), expect=1).stderr
        assert "File name too long" in words
        assert "Traceback" not in words
    # The name that it has until it is whole is the longer one.
    assert "cannot be written" in bot.cli("backup", str(tmp_path / ("x" * 250)), expect=1).stderr
    assert "cannot be written" in bot.cli("topics", "export", str(tmp_path / ("x" * 250)), expect=1).stderr
    words = Bot(tmp_path / "other", embedding_model=str(nowhere)).cli("search", "diffusion").stderr
    assert "By words alone" in words


def test_what_people_typed_does_nothing_to_the_terminal_that_shows_the_audit(bot: Bot) -> None:
    bot.cli("command", 'subscribe diffusion --name "\x1b]0;mine\x07\u202eMine\n2026-01-01 web ada: pause [done]"')
    (line,) = bot.cli("audit").stdout.splitlines()
    assert not {"\x1b", "\x07", "\u202e"} & set(line)
    assert "2026-01-01 web ada: pause" in line


def test_help_tells_every_command(bot: Bot) -> None:
    words = bot.cli("--help").stdout
    for command, (_, does) in COMMANDS.items():
        assert re.search(rf"^  {command} +{re.escape(does)}$", words, re.MULTILINE)
        found = cli.get_command(click.Context(cli), command)
        assert found is not None
        assert found.get_short_help_str(limit=100) == does
        told = CliRunner().invoke(cli, [command, "--help"])
        assert told.exit_code == 0
        assert command in told.stdout


def test_a_mail_server_keeps_a_report_while_there_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    ended = Bot(tmp_path / "data").cli("mail", "bounce", expect=os.EX_TEMPFAIL)
    assert str(tmp_path) in ended.stderr


@needs_recordings
@pytest.mark.shared
def test_poll_and_deliver_do_one_round(tmp_path: Path, april: FeedServer) -> None:
    bot = Bot(tmp_path, huggingface_url=april.url, arxiv_rss_url=april.url, arxiv_api_url=april.url)
    assert "✗" not in bot.cli("doctor").stdout
    bot.set_up("subscribe *", "schedule instant")
    polled = bot.cli("poll")
    assert "new or changed" in polled.stdout
    assert "sent or tried" in bot.cli("deliver").stdout
    ((papers,),) = bot.query("SELECT count(*) FROM papers")
    assert papers > 20
    assert sum(bot.posted()["general"].values()) == 20  # a digest's limit
    assert bot.cli("deliver").stdout.startswith("0 messages")
    before = papers
    bot.cli("poll", "--date", "2026-04-01")
    ((papers,),) = bot.query("SELECT count(*) FROM papers")
    assert papers > before
    with sqlite3.connect(bot.database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@needs_recordings
@pytest.mark.shared
def test_a_category_that_a_topic_names_is_read_from_arxiv(tmp_path: Path, april: FeedServer) -> None:
    bot = Bot(tmp_path, huggingface_url=april.url, arxiv_rss_url=april.url, arxiv_api_url=april.url)
    bot.set_up("subscribe cat:cs.IR", "schedule instant", "settings limit 50")
    assert "arxiv: " in bot.cli("poll").stdout
    bot.cli("deliver")
    papers = bot.query("SELECT id FROM papers WHERE sources LIKE '%arxiv%'")
    assert papers
    assert {(paper,) for paper in bot.posted()["general"]} == set(papers)
    # One that nobody announced is looked up, and known from then on.
    shown = bot.command("show 2602.23367")
    assert shown["papers"] == ["2602.23367"]
    assert bot.command("history")["papers"] != []


@needs_recordings
@pytest.mark.shared
def test_the_same_works_on_postgresql(postgres_url: str, tmp_path: Path, april: FeedServer) -> None:
    bot = Bot(tmp_path, huggingface_url=april.url, database_url=postgres_url)
    bot.set_up("subscribe *", "schedule instant")
    bot.cli("poll")
    bot.cli("deliver")
    status = json.loads(bot.cli("status", "--json").stdout)
    assert status["papers"] > 20
    assert status["posts"]["sent"] == 1
    assert len(bot.command("history 50")["papers"]) == min(status["papers"], 50)
    found = json.loads(bot.cli("search", "video", "--json").stdout)
    assert found["total"] > 0


def test_the_sentence_of_an_error_is_found_however_deep_it_lies() -> None:
    async def fail() -> None:
        async with asyncio.TaskGroup() as outer, asyncio.TaskGroup() as inner:
            outer.create_task(asyncio.sleep(0))
            inner.create_task(_refuse())

    async def _refuse() -> None:
        raise OperatorError("The token is wrong.")

    with pytest.raises(OperatorError, match=r"The token is wrong\."):
        run_to_end(fail())


def test_people_are_added_invited_and_removed_in_the_terminal(bot: Bot) -> None:
    invited = bot.cli("people", "add", "Ada", "--role", "manager")
    assert "ada is a manager now." in invited.stdout
    link = invited.stdout.split()[-1]
    assert link.startswith("http://127.0.0.1:0/invitation/")
    bot.cli("people", "add", "bob")
    assert json.loads(bot.cli("people", "list", "--json").stdout) == [
        {"name": "ada", "role": "manager", "state": "invited"},
        {"name": "bob", "role": "reader", "state": "invited"},
    ]
    refused = bot.cli("people", "remove", "ada", expect=2)
    assert "only manager" in refused.stderr
    bot.cli("people", "role", "bob", "manager")
    bot.cli("people", "remove", "ada")
    lines = [json.loads(line) for line in bot.cli("audit", "--json").stdout.splitlines()]
    assert [(line["via"], line["line"], line["outcome"]) for line in lines[:2]] == [
        ("terminal", "people remove ada", "done"),
        ("terminal", "people role bob manager", "done"),
    ]
    assert link.rpartition("/")[2] not in str(lines)
    assert "bob manager [done]" in bot.cli("audit", "--limit", "2").stdout
