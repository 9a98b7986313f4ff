"""The pages of the workspace over HTTP: channels, commands, earlier messages, mistakes."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.web.addresses import address_of
from adapters.web.pages.channels.channels import THREADS_PER_PAGE
from adapters.web.serving.forms import LARGEST_BODY
from bot.channels.channel import PlatformName
from bot.messages.message import (
    Button,
    Buttons,
    Document,
    Link,
    Message,
    Paragraph,
    PersonMention,
    Span,
    text,
)
from bot.platforms.outcomes import Outgoing, Sent
from tests.adapters.web.workspace import NOW, RunningWorkspace, card, listed_card, running_workspace, says

pytestmark = pytest.mark.asyncio(loop_scope="session")

JSON = {"accept": "application/json"}
PAGE = {"accept": "text/html"}


async def test_the_front_page_leads_to_the_first_channel(workspace: RunningWorkspace) -> None:
    async with workspace.client() as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/c/general")


async def test_a_workspace_without_channels_asks_for_one(tmp_path: Path) -> None:
    async with running_workspace(tmp_path, channels=()) as empty, empty.client() as client:
        assert "There are no channels yet" in (await client.get("/")).text
        assert (await client.post("/channels", data={"name": "#First one"})).headers["location"] == "/c/first-one"
        assert (await client.get("/")).headers["location"] == "/c/first-one"


async def test_the_page_shows_channels_banner_and_messages(tmp_path: Path) -> None:
    async with running_workspace(tmp_path, banner="Just <b>looking</b>") as shown, shown.client() as client:
        await shown.post(says("Good morning"))
        await shown.post(says("Elsewhere"), channel="vision")
        page = (await client.get("/c/general")).text
    assert "Just &lt;b&gt;looking&lt;/b&gt;" in page
    assert 'href="/c/general"' in page
    assert 'href="/c/vision"' in page
    assert "Next digest tomorrow 09:00" in page
    assert "Good morning" in page
    assert "Thursday, 30 April 2026" in page
    assert "Elsewhere" not in page


async def test_a_card_says_whom_it_is_for_in_words(workspace: RunningWorkspace) -> None:
    people = (PersonMention("local", "someone", ping=True), PersonMention("x", "<b>Bob</b>"))
    for compact in (True, False):
        await workspace.post(Message(summary="A card", blocks=(card(1, people=people, compact=compact),)))
    async with workspace.client() as client:
        page = (await client.get("/c/general")).text
    assert page.count("for <bdi>you</bdi>, <bdi>@&lt;b&gt;Bob&lt;/b&gt;</bdi>") == 2


async def test_pages_hold_no_script_or_style_of_their_own(workspace: RunningWorkspace) -> None:
    await workspace.post(Message(summary="A card", blocks=(card(1),)))
    async with workspace.client() as client:
        page = (await client.get("/c/general")).text
    assert re.findall(r"<script(?![^>]* src=)[^>]*>|<style| style=| on\w+=", page) == []
    assert re.findall(r"<(?:img|iframe|object|embed|video|source)\b", page) == []


async def test_unknown_channels_are_not_found(workspace: RunningWorkspace) -> None:
    async with workspace.client() as client:
        page = await client.get("/c/nowhere", headers=PAGE)
        assert page.status_code == 404
        assert "There is no channel #nowhere here." in page.text
        for path in ("/c/nowhere/events", "/c/nowhere/complete", "/c/nowhere/messages", "/c/%3Cscript%3E", "/c/"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post("/c/nowhere/command", json={"line": "help"})).status_code == 404


async def test_an_answer_for_one_person_is_not_kept(workspace: RunningWorkspace) -> None:
    async with workspace.client(headers=JSON) as client:
        answer = (await client.post("/c/general/command", json={"line": "/papers help"})).json()
    assert "Only visible to you" in answer["html"]
    assert (answer["replaces"], answer["failed"]) == (False, False)
    assert await workspace.platform.last_id() == 0
    call = workspace.commands.calls[0]
    assert (call.line, call.channel_name, call.person.may_manage) == ("help", "general", True)


async def test_a_vote_changes_the_message_for_everybody(workspace: RunningWorkspace) -> None:
    message = Message(summary="A card", blocks=(listed_card(1),))
    outgoing = Outgoing(address=address_of("general"), message=message, key="cast-1")
    sent = await workspace.platform.send(outgoing)
    assert isinstance(sent, Sent)
    async with workspace.client(headers=JSON) as client:
        answer = (await client.post("/c/general/command", json={"line": "vote cast-1", "from": sent.remote_id})).json()
        assert answer["updates"]
        assert 'aria-label="For it: 1"' in answer["html"]
        changed = await workspace.platform.page("general", before=None, limit=1)
        assert changed.messages[0].message.blocks == (listed_card(1, up=1),)
        # A message that is not the one of the key is left as it is, and the answer is in words.
        other = await workspace.post(says("Something else"))
        answer = (await client.post("/c/general/command", json={"line": "vote cast-1", "from": other})).json()
        assert "updates" not in answer
        assert "You voted." in answer["html"]


async def test_a_document_can_be_saved_as_a_file(workspace: RunningWorkspace) -> None:
    await workspace.post(
        Message(summary="A file", blocks=(Document("a.bib", "@misc{<b>,\n}", "application/x-bibtex"),))
    )
    async with workspace.client() as client:
        page = (await client.get("/c/general")).text
    assert 'download="a.bib"' in page
    assert 'href="data:application/x-bibtex;charset=utf-8,%40misc%7B%3Cb%3E%2C%0A%7D"' in page
    assert "@misc{&lt;b&gt;," in page


async def test_an_answer_for_everybody_is_posted_and_says_what_was_asked(workspace: RunningWorkspace) -> None:
    async with workspace.client(headers=JSON) as client:
        answer = (await client.post("/c/general/command", json={"line": "today"})).json()
        page = (await client.get("/c/general", headers=PAGE)).text
    assert answer["id"] == "1"
    assert "Only visible to you" not in page
    assert re.search(r"Someone used .*/papers today", page)
    assert "Paper number 2" in page


async def test_paging_replaces_and_leaves_the_log_alone(workspace: RunningWorkspace) -> None:
    posted = await workspace.post(Message(summary="Search", blocks=(Buttons((Button("Next", "search x --page 2"),)),)))
    async with workspace.client(headers=JSON) as client:
        answer = (await client.post("/c/general/command", json={"line": "search x --page 2", "from": posted})).json()
        shared = (await client.post("/c/general/command", json={"line": "share x", "from": "e1"})).json()
        in_log = (await client.post("/c/general/command", json={"line": "share x", "from": posted})).json()
    assert (answer["replaces"], answer["id"][0]) == (True, "e")
    assert workspace.commands.calls[0].from_message == posted
    assert (shared["replaces"], shared["id"]) == (True, "2")
    assert (in_log["replaces"], in_log["id"][0]) == (True, "e")
    assert await workspace.platform.last_id() == 2


async def test_commands_work_without_a_script(workspace: RunningWorkspace) -> None:
    async with workspace.client(headers=PAGE, follow_redirects=True) as client:
        private = await client.post("/c/general/command", data={"line": "/PAPERS  wrong <b>"})
        assert "Only visible to you" in private.text
        assert "wrong &lt;b&gt;" in private.text
        public = await client.post("/c/general/command", data={"line": "today"})
        assert public.history[0].status_code == 303
        assert "Daily Papers" in public.text


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("  /papers   search x ", "search x"),
        ("/papers", ""),
        ("/paperssearch", "/paperssearch"),
        ("search /papers", "search /papers"),
        ("", ""),
    ],
)
async def test_lines_are_read_with_or_without_the_command(workspace: RunningWorkspace, written: str, line: str) -> None:
    async with workspace.client() as client:
        assert (await client.post("/c/general/command", json={"line": written})).status_code == 200
    assert workspace.commands.calls[0].line == line


async def test_requests_that_make_no_sense_get_a_sentence(workspace: RunningWorkspace) -> None:
    async with workspace.client() as client:

        async def refusal(**request: object) -> tuple[int, str]:
            answer = await client.request("POST", "/c/general/command", **request)  # type: ignore[arg-type]
            return answer.status_code, answer.json()["error"]

        form = {"content-type": "application/x-www-form-urlencoded"}
        assert await refusal(json={"line": "x" * 3000}) == (422, "That line has 3,000 characters; 2,000 is the most.")
        assert (await refusal(content=b"line=" + b"x" * LARGEST_BODY, headers=form))[0] == 413
        assert (await refusal(content=b"&".join([b"a=b"] * 500), headers=form))[0] == 400
        assert (await refusal(content=b"\xff\xfe", headers=form))[0] == 400
        assert (await refusal(content=b"{", headers={"content-type": "application/json"}))[0] == 400
        assert (await refusal(content=b"[" * 60_000, headers={"content-type": "application/json"}))[0] == 400
        assert (await refusal(json=["help"]))[0] == 400
        assert (await refusal(content=b"help", headers={"content-type": "text/plain"}))[0] == 415
    assert workspace.commands.calls == []


async def test_a_failing_database_is_said_plainly(workspace: RunningWorkspace) -> None:
    async with workspace.client() as client:
        answer = await client.post("/c/general/command", json={"line": "break"}, headers=JSON)
        assert answer.status_code == 503
        assert answer.json()["error"].startswith("The database does not answer right now.")
        page = await client.post("/c/general/command", data={"line": "break"}, headers=PAGE)
        assert "The database does not answer" in page.text
        assert "the disk is full" not in page.text


async def test_adding_a_channel(workspace: RunningWorkspace) -> None:
    async with workspace.client() as client:
        added = await client.post("/channels", json={"name": "Robotics"}, headers=JSON)
        assert (added.status_code, added.json()) == (201, {"url": "/c/robotics"})
        for name, words in (("a/b", "letters, digits"), ("forbidden", "taken by the building"), ("", "needs a name")):
            refused = await client.post("/channels", json={"name": name}, headers=JSON)
            assert refused.status_code == 422
            assert words in refused.json()["error"]
            assert words in (await client.post("/channels", data={"name": name}, headers=PAGE)).text
        assert (await client.post("/channels", data={"name": "robotics"})).headers["location"] == "/c/robotics"
    channels = await workspace.store.channels.on_platform(PlatformName.WEB)
    assert [channel.name for channel in channels] == ["general", "robotics", "vision"]


async def test_completions_get_the_line_as_it_stands(workspace: RunningWorkspace) -> None:
    async with workspace.client() as client:

        async def lines(written: str) -> list[str]:
            found: list[str] = (await client.get("/c/general/complete", params={"line": written})).json()["lines"]
            return found

        assert await lines("/papers se") == ["search diffusion", "search distillation"]
        assert await lines("search d") == ["search diffusion", "search distillation"]
        assert await lines("search  ") == []
        assert await lines("x" * 5000) == []


async def test_earlier_messages_come_page_by_page(workspace: RunningWorkspace) -> None:
    total = 2 * THREADS_PER_PAGE + 5
    for number in range(total):
        await workspace.post(says(f"Message {number}."))
    async with workspace.client() as client:
        page = (await client.get("/c/general")).text
        shown = re.findall(r"Message (\d+)\.</bdi>", page)
        assert shown == [str(number) for number in range(total - THREADS_PER_PAGE, total)]
        cursor = re.search(r'data-earlier="(\d+)"', page)
        assert cursor
        earlier: int | None = int(cursor[1])
        while earlier is not None:
            part = (await client.get("/c/general/messages", params={"before": earlier})).json()
            shown = re.findall(r"Message (\d+)\.</bdi>", part["html"]) + shown
            earlier = part["earlier"]
        without_script = (await client.get("/c/general", params={"before": cursor[1]})).text
    assert shown == [str(number) for number in range(total)]
    assert f"Message {total - THREADS_PER_PAGE - 1}." in without_script


async def test_replies_stand_under_their_head(workspace: RunningWorkspace) -> None:
    head = await workspace.post(says("Head"))
    await workspace.post(says("Later head"))
    await workspace.post(says("First reply"), reply_to=head)
    await workspace.post(says("Second reply"), reply_to=head)
    async with workspace.client() as client:
        page = (await client.get("/c/general")).text
    places = [page.index(f"{words}</bdi>") for words in ("Head", "First reply", "Second reply", "Later head")]
    assert places == sorted(places)
    assert "2 replies" in page


async def test_only_addresses_of_the_web_become_links(workspace: RunningWorkspace) -> None:
    bad = (
        "javascript:alert(1)",
        "data:text/html,x",
        " https://a.example",
        "https://",
        "//a.example",
        "http://[::1",
        "ftp://a",
    )
    spans = tuple(Span(f"bad {number}", url=url) for number, url in enumerate(bad))
    good = Span("good", url="https://arxiv.org/abs/2604.00001?a=1&b=\"<>'")
    paper = card(1, title="Trap", url="javascript:alert(2)", links=(Link("Trap link", "vbscript:x"),))
    await workspace.post(Message(summary="Links", blocks=(Paragraph((*spans, good)), paper)))
    async with workspace.client() as client:
        page = (await client.get("/c/general")).text
    outward = re.findall(r'<a class="[\w-]+" href="([^"]*)" target="_blank" rel="noopener noreferrer">', page)
    assert outward == ["https://arxiv.org/abs/2604.00001?a=1&amp;b=&#34;&lt;&gt;&#39;"]
    assert "Trap link" in page


async def test_times_are_in_the_readers_zone_and_the_asker_has_one(workspace: RunningWorkspace) -> None:
    await workspace.post(says("Morning"))
    async with workspace.client(cookies={"paperround_zone": "America/New_York"}) as client:
        page = (await client.get("/c/general")).text
        await client.post("/c/general/command", json={"line": "help"})
        client.cookies.set("paperround_zone", "Nowhere/../Else")
        assert ">09:00</time>" in (await client.get("/c/general")).text
        await client.post("/c/general/command", json={"line": "help"})
    assert ">05:00</time>" in page
    assert "Next digest tomorrow 05:00" in page
    assert [call.person.time_zone for call in workspace.commands.calls] == ["America/New_York", None]


async def test_the_list_of_channels_says_how_each_is_doing(workspace: RunningWorkspace) -> None:
    channels = {channel.name: channel for channel in await workspace.store.channels.on_platform(PlatformName.WEB)}
    await workspace.store.channels.pause(channels["general"].id, reason="On holiday", until=NOW + timedelta(days=4))
    await workspace.store.channels.break_channels(channels["vision"].address, "Full.", whole_workspace=False)
    async with workspace.client() as client:
        fragment = (await client.get("/channels", params={"current": "vision"})).text
    assert "Paused until Mon 09:00" in fragment
    assert 'data-detail="On holiday"' in fragment
    assert re.search(r'class="channel broken"[^>]*data-detail="Full."[^>]*aria-current="page"', fragment)
    assert "Stopped" in fragment


async def test_a_message_of_text_alone_is_shown(workspace: RunningWorkspace) -> None:
    await workspace.post(Message(summary="Only a summary", mention="@team"))
    await workspace.post(Message(summary="hidden", blocks=(Paragraph(text("a", Span("b", bold=True, italic=True))),)))
    async with workspace.client() as client:
        page = (await client.get("/c/general")).text
    assert '<p dir="auto">Only a summary</p>' in page
    assert '<p class="mention"><bdi>@team</bdi></p>' in page
    assert "<strong><em><bdi>b</bdi></em></strong>" in page
