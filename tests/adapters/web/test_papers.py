"""Search, papers' pages, the archive and marks, over the whole core."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.channels.channel import PlatformName
from bot.papers.names import read_names
from bot.papers.paper import Paper
from bot.papers.thumbnails import Thumbnail
from storage.store import SqlStore
from tests.adapters.web.core_workspace import CoreWorkspace, core_workspace
from tests.adapters.web.elsewhere import Elsewhere, elsewhere
from tests.adapters.web.pages import PHONE, opened
from tests.core import VISITOR
from tests.sources import a_paper

PAGE = {"accept": "text/html"}
JSON = {"accept": "application/json"}


def paper(number: int, words: str = "diffusion", **fields: Any) -> Paper:
    said = {
        "title": f"Paper {number} on {words}",
        "abstract": f"We study {words} number {number}.",
        "categories": ("cs.CV",),
        "authors": tuple(read_names(["Yann LeCun"])),
        **fields,
    }
    return a_paper(number, **said)


async def digest_of(there: Elsewhere | CoreWorkspace, *papers: Paper) -> None:
    await there.core.say("subscribe diffusion")
    await there.core.news(*papers)
    await there.core.next_digest()


def links(page: str, text: str) -> list[str]:
    """Where the links with that text lead."""
    found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return [href.replace("&amp;", "&") for href, inner in found if text in re.sub("<[^>]*>", "", inner)]


async def test_a_search_is_paged_numbered_and_filtered(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        await there.core.news(
            *(paper(number, code_url="https://example.org/c" if number < 4 else "") for number in range(1, 24))
        )
        first = await there.page("/search?q=Diffusion")
        assert "<strong>23 papers</strong>, page 1 of 2" in first
        assert first.count('class="paper card"') == 20
        [later] = links(first, "Next ›")
        second = await there.page(later)
        assert re.findall(r'<li value="(\d+)">', second) == ["21", "22", "23"]
        [code] = links(first, "With code")
        assert code == "/search?q=Diffusion+has%3Acode"
        filtered = await there.page(code)
        assert "<strong>3 papers</strong>" in filtered
        [without] = links(filtered, "has:code")
        assert without == "/search?q=Diffusion"
        assert "/search?q=Diffusion+author%3A%22yann+lecun%22" in links(first, "Yann LeCun")
        assert "/search?q=Diffusion+sort%3Anew" in links(first, "Newest")
        fragment = (await there.client.get("/search/results?q=Diffusion", headers=PAGE)).text
        assert fragment.count('class="paper card"') == 20
        assert "<html" not in fragment


async def test_a_search_says_what_is_wrong_and_what_was_meant(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        assert "I know no papers yet" in await there.page("/search?q=diffusion")
        await there.core.news(*(paper(number) for number in range(1, 20)))
        wrong = await there.page("/search?q=diffusion+(agents")
        assert "This parenthesis is never closed." in wrong
        assert "diffusion (agents\n          ^" in wrong
        meant = await there.page("/search?q=difusion")
        assert links(meant, "diffusion")[0] == "/search?q=diffusion"
        near = await there.page("/search?q=diffusion+zyzzyva")
        assert "No paper has all of this." in near
        assert "These come near" in near
        assert "0 papers" not in near
        assert 'class="paper card"' in near
        assert "0 papers" in await there.page("/search?q=zyzzyva")
        to_paper = await there.client.get("/search?q=https://arxiv.org/abs/2605.00001v3", headers=PAGE)
        assert to_paper.headers["location"] == "/paper/2605.00001"


async def test_a_search_in_a_channel_leads_to_its_topics_and_votes(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        await digest_of(there, paper(1))
        page = await there.page("/search?q=diffusion&c=general")
        assert links(page, "Make a topic of this") == ["/c/general/topics/new?query=diffusion"]
        assert 'name="channel" value="general"' in page
        assert "Make a topic of this" not in await there.page("/search?q=diffusion&c=nowhere")


async def test_a_papers_page_tells_all_that_is_known_of_it(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        await digest_of(there, paper(1), paper(2), paper(3, "sound"))
        await there.core.say("vote 2605.00001 up")
        await there.client.post("/mark", json={"paper": "2605.00001", "mark": "up", "channel": "general"}, headers=JSON)
        page = await there.page("/paper/2605.00001?c=general")
        assert "We study diffusion number 1." in page
        assert links(page, "Yann LeCun")[0] == "/search?q=author%3A%22yann+lecun%22"
        assert links(page, "cs.CV")[0] == "/search?q=cat%3Acs.CV"
        [came] = [link for link in links(page, "#general") if "/d/" in link]
        assert "Paper 2 on diffusion" in await there.page(came)
        assert "👍 2 · 👎 0" in page
        assert "liked by <bdi>you</bdi>" in page
        assert "@misc{lecun" in page
        assert "It was posted here." in page
        assert "Paper 2 on diffusion" in page.split('id="similar"')[1]
        assert "number 1." in (await there.client.get("/abstract/2605.00001")).text


async def test_other_ways_to_name_a_paper_lead_to_its_page(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        await there.core.news(paper(1))
        moved = await there.client.get("/paper/2605.00001v2", headers=PAGE)
        assert (moved.status_code, moved.headers["location"]) == (308, "/paper/2605.00001")
        await there.core.news(paper(2, doi="10.1101/2026.01.15.123456"))
        merged = await there.client.get("/paper/doi:10.1101/2026.01.15.123456?c=general", headers=PAGE)
        assert merged.headers["location"] == "/paper/2605.00002"
        for unknown in ("/paper/2605.99999", "/paper/nothing at all"):
            missing = await there.client.get(unknown, headers=PAGE)
            assert missing.status_code == 404
            assert 'action="/search"' in missing.text


async def test_the_archive_turns_from_day_to_day(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        empty = await there.page("/archive")
        assert "No papers were listed yet" in empty
        first = there.core.clock.now().date()
        await digest_of(there, *(paper(number) for number in range(1, 28)))
        there.core.clock.advance(hours=48)
        await there.core.news(paper(40))
        newest = await there.client.get("/archive", headers=PAGE)
        page = await there.page(newest.headers["location"])
        assert "1 paper listed" in page
        assert links(page, "Day before") == [f"/archive/{first}"]
        day = await there.page(f"/archive/{first}")
        assert "27 papers listed, page 1 of 2" in day
        assert f'aria-label="{first.day} {first:%B %Y}, 27 papers"' in day
        card = day[day.index("<article") : day.index("</article>")]
        assert [link for link in links(card, "#general") if link.startswith("/c/general/d/")]
        rest = await there.page(links(day, "Next ›")[0])
        assert re.findall(r'<li value="(\d+)">', rest) == ["26", "27"]
        month = await there.client.get(f"/archive/{first:%Y-%m}", headers=PAGE)
        assert month.headers["location"] == newest.headers["location"]
        for wrong in ("/archive/soon", "/archive/2026-02-30", "/archive/0000-01"):
            assert (await there.client.get(wrong, headers=PAGE)).status_code == 404


@pytest.mark.parametrize("day", ["0001-01", "0001-01-01", "9999-12", "9999-12-31"])
async def test_days_at_the_ends_of_all_calendars_are_none_of_the_archive(
    store: SqlStore, tmp_path: Path, day: str
) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        assert (await there.client.get(f"/archive/{day}", headers=PAGE)).status_code == 404


async def test_digests_and_messages_have_addresses_that_last(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        await there.core.say("settings limit 2")
        await digest_of(there, paper(1), paper(2), paper(3))
        channel = await there.page("/c/general")
        [at] = set(re.findall(r'href="(/c/general/m/\d+)"', channel))
        message = await there.page(at)
        assert len(set(re.findall(r"Paper \d on diffusion", message))) == 2
        [digest] = links(message, "The whole digest")
        page = await there.page(digest)
        assert page.count('class="paper card"') == 3
        assert "Counted, and not shown in the channel" in page
        there.core.clock.advance(hours=20)
        await there.core.news(paper(4))
        await there.core.next_digest()
        [after] = links(await there.page(digest), "Digest after")
        assert "Paper 4 on diffusion" in await there.page(after)
        for wrong in (f"{digest}9", "/c/general/m/99", "/c/nowhere/d/1", "/c/general/d/x"):
            assert (await there.client.get(wrong, headers=PAGE)).status_code == 404


async def test_marks_are_set_and_shown_wherever_a_paper_is(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        await digest_of(there, paper(1))

        async def mark(what: str, **fields: str) -> httpx.Response:
            return await there.client.post("/mark", json={"paper": "2605.00001", "mark": what, **fields}, headers=JSON)

        state = (await mark("save")).json()
        assert (state["saved"], state["vote"]) == (True, "")
        state = (await mark("up", channel="general")).json()
        assert (state["vote"], state["up"], state["down"]) == ("up", 1, 0)
        for path in ("/c/general", "/search?q=diffusion&c=general", "/paper/2605.00001?c=general"):
            page = await there.page(path)
            assert re.search(r'value="unsave" class="button keep" aria-pressed="true"', page), path
            assert re.search(r'value="up" class="button thumb" aria-pressed="true" aria-label="For it: 1"', page), path
        assert 'value="up"' not in await there.page("/search?q=diffusion")
        assert (await mark("up", channel="general")).json()["vote"] == ""
        assert (await mark("unsave")).json()["saved"] is False
        assert (await mark("unsave")).json()["saved"] is False
        for wrong in ({"what": "up"}, {"what": "burn"}, {"what": "up", "channel": "nowhere"}):
            assert (await mark(wrong.pop("what"), **wrong)).status_code == 422
        plain = await there.client.post(
            "/mark",
            data={"paper": "2605.00001", "mark": "save"},
            headers={**PAGE, "referer": "http://workspace/search?q=diffusion"},
        )
        assert plain.headers["location"] == "/search?q=diffusion"
        foreign = await there.client.post(
            "/mark", data={"paper": "2605.00001", "mark": "save"}, headers={**PAGE, "referer": "http://evil.example//x"}
        )
        assert foreign.headers["location"] == "/paper/2605.00001"


async def test_who_only_looks_at_a_channel_elsewhere_is_not_asked_for_votes(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path) as there:
        await digest_of(there, paper(1))
        page = await there.page("/c/slack:local:general")
        assert 'value="save" class="button keep"' in page
        assert 'value="up"' not in page
        saved = await there.client.post(
            "/mark", json={"paper": "2605.00001", "mark": "save", "channel": "slack:local:general"}, headers=JSON
        )
        assert saved.json()["saved"]
        assert 'value="unsave"' in await there.page("/paper/2605.00001")


async def test_a_vote_changes_the_posted_message(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        await digest_of(there, paper(1))
        [head] = re.findall(r'href="/c/general/m/(\d+)"', await there.page("/c/general"))
        await there.client.post(
            "/mark", json={"paper": "2605.00001", "mark": "down", "channel": "general", "from": head}, headers=JSON
        )
        logged = (await store.messages.page("general", before=None, limit=1))[0]
        assert [block.thumbs.down for block in logged.message.blocks if block.kind == "paper" and block.thumbs] == [1]


async def test_the_switcher_offers_channels_papers_and_commands(store: SqlStore, tmp_path: Path) -> None:
    async with elsewhere(store, tmp_path, platform=PlatformName.WEB) as there:
        await digest_of(there, paper(1))
        offered = (await there.client.get("/switch?find=diffusion")).json()
        assert offered["papers"] == [
            {"label": "Paper 1 on diffusion", "hint": "2605.00001", "path": "/paper/2605.00001"}
        ]
        offered = (await there.client.get("/switch?find=gen")).json()
        assert [one["path"] for one in offered["channels"]] == ["/c/general"]
        offered = (await there.client.get("/switch?find=sub")).json()
        assert offered["commands"][0]["line"] == "subscribe"


# ---- in a browser


@pytest_asyncio.fixture(loop_scope="session")
async def room(tmp_path: Path) -> AsyncIterator[CoreWorkspace]:
    async with core_workspace(tmp_path) as room:
        await digest_of(room, *(paper(number) for number in range(1, 4)), paper(4, "diffusion of sound"))
        yield room


browser_test = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.browser
@browser_test
async def test_results_follow_what_is_typed(browser: Browser, room: CoreWorkspace) -> None:
    async with opened(browser, room, "/search?c=general") as page:
        await expect(page.locator("#q")).to_be_focused()
        await page.keyboard.type("diffusion (")
        await expect(page.locator(".search-error")).to_contain_text("nothing in these parentheses")
        await page.keyboard.press("Backspace")
        await expect(page.locator("#results .paper")).to_have_count(4)
        await expect(page.locator(".search-error")).to_have_count(0)
        await page.keyboard.type("sound")
        await expect(page.locator("#results ol .paper")).to_have_count(1)
        await expect(page).to_have_url(re.compile(r"/search\?q=diffusion\+sound&c=general"))
        await page.locator("summary", has_text="Category").click()
        await page.get_by_role("link", name="cs.CV").click()
        await expect(page.locator(".chip")).to_contain_text("cat:cs.CV")
        await expect(page.locator("#q")).to_have_value("diffusion sound cat:cs.CV")


@pytest.mark.browser
@browser_test
async def test_papers_are_read_by_keys(browser: Browser, room: CoreWorkspace) -> None:
    async with opened(browser, room, "/search?q=diffusion&c=general") as page:
        await page.locator(".results .paper").first.wait_for()
        await page.keyboard.press("j")
        first = page.locator(".results .paper").nth(0)
        await expect(first).to_be_focused()
        await page.keyboard.press("j")
        second = page.locator(".results .paper").nth(1)
        await expect(second).to_be_focused()
        await page.keyboard.press("s")
        keep = second.locator(".keep")
        await expect(keep).to_have_attribute("aria-pressed", "true")
        await expect(keep).to_have_text("Saved")
        await page.keyboard.press("+")
        await expect(second.locator("[value=up]")).to_have_attribute("aria-label", "For it: 1")
        await page.keyboard.press("a")
        await expect(second.locator(":scope > .abstract")).to_contain_text("We study diffusion")
        await page.keyboard.press("k")
        await expect(first).to_be_focused()
        await page.keyboard.press("/")
        await page.keyboard.type("js")
        await expect(page.locator("#q")).to_have_value("js")
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        keys = page.get_by_role("dialog", name="Keys")
        await expect(keys).to_contain_text("Next paper")
        await keys.get_by_label("Keys without Ctrl do something").uncheck()
        await page.keyboard.press("Escape")
        await expect(keys).to_have_count(0)
        await page.keyboard.press("g")
        await page.keyboard.press("a")
        await expect(page).to_have_url(re.compile("/search"))
        await page.keyboard.press("Control+k")
        await page.keyboard.type("arch")
        await expect(page.get_by_role("option", name="Archive")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/archive/"))


@pytest.mark.browser
@browser_test
async def test_a_mark_shows_at_once_wherever_the_paper_is_on_the_page(browser: Browser, room: CoreWorkspace) -> None:
    async with opened(browser, room, viewport=PHONE) as page:
        # The channel shows the paper twice: in the digest, and in an answer.
        await page.locator("#line").fill("show 2605.00001")
        await page.locator("#line").press("Enter")
        shown = page.locator("[data-paper='2605.00001']")
        await expect(shown).to_have_count(2)
        await shown.last.get_by_role("button", name="Save").click()
        for each in (shown.first, shown.last):
            await expect(each.locator(".keep")).to_have_text("Saved")
        await shown.first.get_by_role("button", name="For it").click()
        await expect(shown.last.get_by_role("button", name="For it: 1")).to_have_attribute("aria-pressed", "true")
        await page.reload()
        await expect(shown.first.locator(".keep")).to_have_text("Saved")
        await expect(shown.first.locator("[value=up]")).to_have_attribute("aria-pressed", "true")


class GivenThumbnails:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def fetch(self, url: str) -> Thumbnail | None:
        self.asked.append(url)
        return Thumbnail("image/png", b"a picture") if url.endswith("/cat.png") else None


@pytest.mark.asyncio(loop_scope="session")
async def test_pictures_of_papers_come_from_here_and_only_those_that_feeds_named(tmp_path: Path) -> None:
    thumbnails = GivenThumbnails()
    addresses = ("https://cdn.example.org/cat.png", "https://cdn.example.org/gone.png", "javascript:alert(1)", "")
    papers = [paper(number, thumbnail_url=address) for number, address in enumerate(addresses, 1)]
    async with core_workspace(tmp_path, thumbnails=thumbnails) as there, there.client() as client:
        await there.core.news(*papers)
        for one in papers:
            page = (await client.get(f"/paper/{one.id}", headers=PAGE)).text
            pictures = re.findall(r'<img [^>]*src="([^"]*)"', page)
            assert pictures == ([f"/thumbnail/{one.id}"] if one in papers[:2] else [])
        shown = await client.get(f"/thumbnail/{papers[0].id}")
        assert (shown.content, shown.headers["content-type"]) == (b"a picture", "image/png")
        assert shown.headers["cache-control"] == "private, max-age=86400"
        others = [*(one.id for one in papers[1:]), "2601.00001", "https://cdn.example.org/cat.png"]
        assert {(await client.get(f"/thumbnail/{other}")).status_code for other in others} <= {404, 422}
        assert thumbnails.asked == list(addresses[:2])


@pytest.mark.browser
@browser_test
async def test_a_vote_elsewhere_is_counted_on_the_open_page(browser: Browser, room: CoreWorkspace) -> None:
    shown = paper(2).id
    async with opened(browser, room, "/c/general") as page:
        await expect(page.locator("body")).to_have_attribute("data-live", "true")
        card = page.locator(f'[data-paper="{shown}"]')
        up, down = card.locator("[value=up]"), card.locator("[value=down]")
        await room.core.ask(f"vote {shown} up", person=VISITOR)
        await expect(up).to_have_attribute("aria-label", "For it: 1")
        await expect(up).to_have_attribute("aria-pressed", "false")
        await room.core.ask(f"vote {shown} down", person=VISITOR)
        await expect(down.locator(".count")).to_have_text("1")
        await expect(up).to_have_attribute("aria-label", "For it: 0")
