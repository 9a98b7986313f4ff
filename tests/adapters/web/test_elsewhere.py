"""Channels of other platforms in the workspace: listed, read, and changed only by who has logged in."""

from __future__ import annotations

import re
from pathlib import Path

from bot.channels.channel import PlatformName
from storage.store import SqlStore
from tests.adapters.web.elsewhere import PAGE, elsewhere
from tests.core import MANAGER
from tests.sources import a_paper

KEY = "slack:local:general"


async def test_a_channel_of_slack_shows_what_was_posted_there_and_takes_votes(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, password="let me in") as there:
        await there.client.post("/login", data={"password": "let me in"})
        await there.core.say("subscribe diffusion")
        await there.core.news(a_paper(1, title="Diffusion, explained"))
        assert "Nothing was posted here yet" in await there.page(f"/c/{KEY}")
        await there.core.next_digest()
        page = await there.page(f"/c/{KEY}")
        assert "Diffusion, explained" in page
        assert "Lines are about this channel of Slack, and answers are shown only here." in page
        head = re.search(r'id="m-(\d+)"', page)
        assert head
        paper = there.core.platform.posts[0].message
        assert paper.summary
        voted = await there.run(KEY, f"vote {a_paper(1).id} up", **{"from": head[1]})
        assert voted["updates"]
        assert "For it: 1" in voted["html"]
        assert "For it: 1" in await there.page(f"/c/{KEY}")
        newer = (await there.client.get(f"/c/{KEY}/newer?after={int(head[1]) - 1}")).json()["messages"]
        assert [each["id"] for each in newer] == [head[1]]
        assert (await there.client.get(f"/c/{KEY}/newer?after={head[1]}")).json() == {"messages": []}
        assert len(there.core.platform.posts) == 1


async def test_without_a_password_channels_of_slack_are_only_read(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path) as there:
        await there.core.say("subscribe diffusion")
        await there.core.news(a_paper(1, title="Diffusion, explained"))
        await there.core.next_digest()
        assert "PAPERROUND_WEB_PASSWORD" in await there.page(f"/c/{KEY}")
        paper = a_paper(1).id
        for line in ("subscribe robots", f"share {paper}", "pause", f"vote {paper} up", "subscribe robots --for me"):
            assert (await there.run(KEY, line))["failed"], line
        assert "diffusion" in (await there.run(KEY, "topics"))["html"]
        assert len(there.core.platform.posts) == 1


async def test_with_a_password_they_are_changed(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, password="let me in") as there:
        await there.core.say("subscribe diffusion")
        await there.client.post("/login", data={"password": "let me in"})
        assert "PAPERROUND_WEB_PASSWORD" not in await there.page(f"/c/{KEY}")
        assert not (await there.run(KEY, "subscribe robots"))["failed"]
        assert "robots" in await there.core.say("topics")
        assert await there.core.store.messages.last_id() == 0


async def test_the_list_has_all_platforms_and_nobodys_own_conversations(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path) as there:
        await there.core.say("subscribe diffusion")
        await there.core.ask("subscribe robots --for me", person=MANAGER)
        await there.client.post("/channels", data={"name": "reading"})
        page = await there.page("/c/reading")
        groups = re.findall(r"<h3><bdi>(.*?)</bdi></h3>", page)
        assert groups == ["Here", "Slack"]
        listed = re.findall(r'data-channel="([^"]+)" data-latest', page)
        assert listed == ["reading", KEY]
        own = await store.personal_channels.find(PlatformName.SLACK, "local", MANAGER.id)
        assert own
        hidden = f"/c/slack:local:{own.channel.address.channel}"
        assert (await there.client.get(hidden)).status_code == 404


async def test_a_list_of_many_channels_comes_in_pages_and_is_searched(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path) as there:
        for number in range(90):
            await store.channels.add(
                there.core.address(f"C{number}", f"T{number // 60}"),
                f"room-{number:02}",
                time_zone="UTC",
                schedule="daily 09:00",
                next_digest_at=None,
            )
        page = await there.page("/c/slack:T1:C89")
        first = re.findall(r'data-channel="slack:T\d:C(\d+)" data-latest', page)
        assert first == ["89", *(str(number) for number in range(40))]
        more = re.search(r'href="\?(channels-of=slack&amp;channels-behind=\d+)"', page)
        assert more
        followed = (await there.client.get("/channels/more?" + more[1].replace("&amp;", "&"))).text
        assert re.findall(r'data-channel="slack:T\d:C(\d+)" data-latest', followed) == [str(n) for n in range(40, 80)]
        # What a panel is asked for is no question to the list.
        assert "room-39" in await there.page("/c/slack:T1:C89?panel=saved&find=nothing")
        found = (await there.client.get("/channels", params={"channels-named": "ROOM-8"})).text
        assert re.findall(r'data-channel="slack:T\d:C(\d+)" data-latest', found) == [str(n) for n in range(80, 90)]
        assert "No channel is called" in (await there.client.get("/channels", params={"channels-named": "%"})).text


async def test_a_page_follows_its_channel_to_another_name_and_leaves_a_deleted_one(
    store: SqlStore, tmp_path: Path
) -> None:
    async with elsewhere(store, tmp_path) as there:
        await there.client.post("/channels", data={"name": "reading"})
        renamed = await there.run("reading", "channel rename", words="Machine Learning")
        assert renamed["goto"] == "/c/machine-learning"
        assert (await there.run("machine-learning", "channel delete", words="reading")).get("goto") is None
        answer = await there.client.post(
            "/c/machine-learning/command", data={"line": "channel delete machine-learning"}, headers=PAGE
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await there.client.get("/c/machine-learning")).status_code == 404
