"""The workspace in a real browser: what a person does there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from adapters.web.pages.channels.channels import THREADS_PER_PAGE
from bot.channels.channel import PlatformName
from bot.messages.message import Button, Buttons, Message
from tests.adapters.web.pages import command, listens, messages, opened
from tests.adapters.web.workspace import RunningWorkspace, card, listed_card, running_workspace, says

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_command_is_answered_only_for_its_asker(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page, opened(browser, workspace) as other:
        await command(page, "/papers search x")
        answer = messages(page).last
        await expect(answer).to_contain_text("Only visible to you")
        await expect(answer.get_by_role("heading", name="Page 1 for “x”")).to_be_visible()
        await expect(page.locator("#line")).to_have_value("")
        await expect(messages(other)).to_have_count(0)
        await answer.get_by_role("button", name="Dismiss").click()
        await expect(messages(page)).to_have_count(0)
        await expect(page.locator("#line")).to_be_focused()


async def test_an_answer_for_everybody_arrives_everywhere_once(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page, opened(browser, workspace) as other:
        await listens(other)
        await command(page, "today")
        for each in (page, other):
            await expect(messages(each)).to_have_count(1)
            await expect(messages(each)).to_contain_text("Someone used /papers today")
            await expect(each.locator("#timeline > .day")).to_have_text("Thursday, 30 April 2026")
        await workspace.post(says("The next one"))
        await expect(messages(page)).to_have_count(2)


async def test_paging_happens_in_place(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page:
        await command(page, "search x")
        await expect(messages(page)).to_have_count(1)
        await command(page, "help")
        await expect(messages(page)).to_have_count(2)
        await messages(page).first.get_by_role("button", name="Next").click()
        await expect(messages(page).first).to_contain_text("Page 2 for “x”")
        await messages(page).first.get_by_role("button", name="Next").click()
        await expect(messages(page).first).to_contain_text("Page 3 for “x”")
        await expect(messages(page)).to_have_count(2)
        await messages(page).first.get_by_role("button", name="Share to channel").click()
        await expect(messages(page)).to_have_count(2)
        await expect(messages(page).last).to_contain_text("Shared x.")
        await expect(page.get_by_text("Page 3 for")).to_have_count(0)


async def test_paging_of_a_posted_message_ends_with_dismissing(browser: Browser, workspace: RunningWorkspace) -> None:
    buttons = Buttons((Button("Show the rest", "search x --page 2"),))
    await workspace.post(Message(summary="A digest", blocks=(card(9), buttons)))
    async with opened(browser, workspace) as page:
        await page.get_by_role("button", name="Show the rest").click()
        await expect(page.get_by_text("Paper number 9")).to_have_count(0)
        await page.get_by_role("button", name="Next").click()
        await expect(messages(page)).to_contain_text("Page 3 for “x”")
        await page.get_by_role("button", name="Dismiss").click()
        await expect(messages(page)).to_contain_text("Paper number 9")


async def test_a_button_of_a_paper_answers_under_that_paper(browser: Browser, workspace: RunningWorkspace) -> None:
    await workspace.post(Message(summary="A digest", blocks=(card(1), card(2), card(3))))
    async with opened(browser, workspace) as page:
        second = page.locator(".paper.card").nth(1)
        await second.get_by_role("button", name="Forget").click()
        await expect(second.locator(".ephemeral")).to_contain_text("Forgot 2604.00002.")
        await second.get_by_role("button", name="Forget").click()
        await expect(second.locator(".ephemeral")).to_have_count(1)
    assert workspace.commands.calls[0].from_message == "1"


async def test_a_mistake_is_marked_and_the_place_is_shown(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page:
        await command(page, "nonsense")
        await expect(page.locator(".message.failed pre")).to_have_text("nonsense\n^")


async def test_a_line_that_could_not_be_run_comes_back(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace, refusals=1) as page:
        await command(page, "break")
        await expect(page.locator("#command-error")).to_contain_text("The database does not answer right now.")
        await expect(page.locator("#line")).to_have_value("break")
        await command(page, "help")
        await expect(page.locator("#command-error")).to_be_hidden()


async def test_a_slow_command_holds_up_no_other(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page:
        await command(page, "slow")
        await expect(page.locator("#composer")).to_have_attribute("aria-busy", "true")
        await page.locator("#line").press("Enter")  # there is nothing to run
        await command(page, "help")
        await expect(messages(page)).to_have_text(re.compile("Write search"))
        workspace.commands.release.set()
        await expect(messages(page)).to_have_count(2)
        await expect(messages(page).last).to_contain_text("At last.")
        await expect(page.locator("#composer")).not_to_have_attribute("aria-busy", "true")
    assert [call.line for call in workspace.commands.calls] == ["slow", "help"]


async def test_a_workspace_that_is_gone_is_said_and_looked_for(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace, refusals=None) as page:
        await listens(page)
        await workspace.stop()
        await expect(page.locator("#offline")).to_have_text("Reconnecting…")
        await command(page, "help")
        await expect(page.locator("#command-error")).to_contain_text("The workspace does not answer.")
        await expect(page.locator("#line")).to_have_value("help")


async def test_messages_arrive_without_reloading(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page:
        await listens(page)
        await page.evaluate("window.stillTheSamePage = true")
        await workspace.post(says("Fresh from the press"))
        await expect(messages(page)).to_have_text(re.compile("Fresh from the press"))
        assert await page.evaluate("window.stillTheSamePage")


async def _set_hidden(page: Page, *, hidden: bool) -> None:
    """What a browser does to a page whose tab goes to the back or comes to the front."""
    await page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


async def test_one_hidden_page_counts_in_its_title_and_others_catch_up(
    browser: Browser, workspace: RunningWorkspace
) -> None:
    async with opened(browser, workspace) as page:
        other = await page.context.new_page()
        await other.goto(page.url)
        for each in (page, other):
            await listens(each)
            await _set_hidden(each, hidden=True)
        await expect(other.locator("body")).to_have_attribute("data-live", "false")
        await workspace.post(says("In the background"))
        await expect(page).to_have_title("(1) #general · Paper Round")
        await expect(messages(other)).to_have_count(0)
        for each in (page, other):
            await _set_hidden(each, hidden=False)
            await expect(messages(each)).to_contain_text("In the background")
            await expect(each).to_have_title("#general · Paper Round")


async def test_readers_at_the_end_follow_and_others_are_told(browser: Browser, workspace: RunningWorkspace) -> None:
    for number in range(30):
        await workspace.post(says(f"Message {number}"))
    async with opened(browser, workspace) as page:
        await listens(page)
        await expect(page.get_by_text("Message 29")).to_be_in_viewport()
        await workspace.post(says("Followed"))
        await expect(page.get_by_text("Followed")).to_be_in_viewport()
        await page.locator("#log").evaluate("log => log.scrollTop = -600")
        reading = await _first_in_view(page)
        await workspace.post(says("Missed one"))
        await expect(page.locator("#pill")).to_have_text("1 new message")
        await workspace.post(says("Missed two"))
        await expect(page.locator("#pill")).to_have_text("2 new messages")
        still = await _first_in_view(page)
        # Fonts whose lines are not a whole number of pixels high round differently.
        assert (still[0], still[1]) == (reading[0], pytest.approx(reading[1], abs=1))
        await expect(page.get_by_text("Missed two")).not_to_be_in_viewport()
        await page.locator("#pill").click()
        await expect(page.get_by_text("Missed two")).to_be_in_viewport()
        await expect(page.locator("#pill")).to_be_hidden()


async def test_a_page_begins_with_what_is_new_at_its_beginning(browser: Browser, workspace: RunningWorkspace) -> None:
    await workspace.post(says("A short one"))
    async with opened(browser, workspace) as page:
        log = await page.locator("#log").bounding_box()
        short = await page.get_by_text("A short one").bounding_box()
        assert log is not None
        assert short is not None
        assert short["y"] - log["y"] < log["height"] / 4  # it does not hang at the bottom
        await workspace.post(Message(summary="A digest", blocks=tuple(card(number) for number in range(1, 16))))
        await page.reload()
        await expect(page.get_by_text("Paper number 1", exact=True)).to_be_in_viewport()
        await expect(page.get_by_text("Paper number 15", exact=True)).not_to_be_in_viewport()


async def _first_in_view(page: Page) -> list[object]:
    """The first message in view and where it is: neither may change in front of a reader."""
    found: list[object] = await page.evaluate(
        """() => {
          const top = document.getElementById("log").getBoundingClientRect().top;
          const first = [...document.querySelectorAll("#timeline > .message")]
            .find((each) => each.getBoundingClientRect().bottom > top);
          return [first.id, Math.round(first.getBoundingClientRect().top)];
        }"""
    )
    return found


async def test_earlier_messages_are_added_above(browser: Browser, workspace: RunningWorkspace) -> None:
    for number in range(40):
        await workspace.post(says(f"Message {number}"))
    async with opened(browser, workspace) as page:
        await expect(messages(page)).to_have_count(THREADS_PER_PAGE)
        await page.locator("#log").evaluate("log => log.scrollTop = -log.scrollHeight")
        before = await page.get_by_text("Message 21").bounding_box()
        await page.get_by_role("link", name="Show earlier messages").click()
        await expect(messages(page)).to_have_count(40)
        assert await page.get_by_text("Message 21").bounding_box() == before
        await expect(page.locator("#timeline > .day")).to_have_count(1)
        await expect(page.get_by_role("link", name="Show earlier messages")).to_have_count(0)


async def test_threads_open_and_count_their_replies(browser: Browser, workspace: RunningWorkspace) -> None:
    head = await workspace.post(says("Head"))
    async with opened(browser, workspace) as page:
        await listens(page)
        thread = page.locator(".thread")
        await expect(thread).to_be_hidden()
        await workspace.post(says("First reply"), reply_to=head)
        await expect(thread.locator("summary")).to_have_text("1 reply")
        await workspace.post(says("Second reply"), reply_to=head)
        await expect(thread.locator("summary")).to_have_text("2 replies")
        await expect(page.get_by_text("First reply")).to_be_hidden()
        await thread.locator("summary").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("First reply")).to_be_visible()
        await page.reload()
        await expect(thread.locator("summary")).to_have_text("2 replies")
        await expect(messages(page)).to_have_count(1)


async def test_completing_a_line_with_the_keyboard(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page:
        line = page.get_by_role("combobox", name="Command")
        options = page.get_by_role("option")
        await line.press_sequentially("/papers s")
        await expect(options).to_have_count(4)
        await expect(line).to_have_attribute("aria-expanded", "true")
        await line.press("ArrowDown")
        await line.press("ArrowDown")
        await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
        active = await line.get_attribute("aria-activedescendant")
        assert active == await options.nth(1).get_attribute("id")
        await line.press("Enter")
        await expect(line).to_have_value("search distillation")
        await expect(options).to_have_count(0)
        assert workspace.commands.calls == []
        await line.fill("")
        await line.press_sequentially("to")
        await expect(options).to_have_count(1)
        await line.press("Tab")
        await expect(line).to_have_value("today")
        await expect(line).to_be_focused()
        await line.fill("")
        await line.press_sequentially("h")
        await expect(options).to_have_count(1)
        await line.press("Escape")
        await expect(options).to_have_count(0)
        await expect(line).to_have_attribute("aria-expanded", "false")
        await line.fill("sched")
        await options.first.click()
        await expect(line).to_have_value("schedule daily 09:00")


async def test_earlier_lines_come_back_with_the_arrows(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page:
        line = page.locator("#line")
        for each in ("help", "search one"):
            await command(page, each)
            await expect(messages(page).last).to_contain_text(f"/papers {each}")
        await page.reload()
        await line.fill("a draft")
        await line.press("Escape")
        for expected in ("search one", "help", "help"):
            await line.press("ArrowUp")
            await expect(line).to_have_value(expected)
        for expected in ("search one", "a draft"):
            await line.press("ArrowDown")
            await expect(line).to_have_value(expected)


async def test_a_slash_goes_to_the_command_line(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page:
        await page.locator("#log").focus()
        await page.keyboard.press("/")
        await expect(page.locator("#line")).to_be_focused()
        await expect(page.locator("#line")).to_have_value("")


async def test_unread_channels_are_marked_until_they_are_read(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page:
        await listens(page)
        vision = page.get_by_role("link", name="vision")
        await expect(vision).not_to_have_accessible_name(re.compile("unread"))
        await workspace.post(says("Over here"), channel="vision")
        await expect(vision).to_have_accessible_name(re.compile("unread"))
        await page.reload()
        await expect(vision).to_have_accessible_name(re.compile("unread"))
        await vision.click()
        await expect(page.get_by_text("Over here")).to_be_visible()
        await page.get_by_role("link", name="general").click()
        await expect(page.locator("h1")).to_have_text("#general")
        await expect(vision).not_to_have_accessible_name(re.compile("unread"))


async def test_adding_a_channel_goes_there_and_mistakes_are_explained(
    browser: Browser, workspace: RunningWorkspace
) -> None:
    async with opened(browser, workspace, refusals=1) as page:
        name = page.get_by_label("Add a channel")
        await name.fill("forbidden")
        await name.press("Enter")
        await expect(page.locator("#channel-error")).to_have_text("The name forbidden is taken by the building.")
        await expect(name).to_be_focused()
        await name.fill("Robotics")
        await page.get_by_role("button", name="Add the channel").click()
        await page.wait_for_url("**/c/robotics")
        await expect(page.get_by_role("heading", name="Nothing was posted here yet")).to_be_visible()
        await page.get_by_role("button", name="What can I ask?").click()
        await expect(messages(page)).to_contain_text("Write search, today or forget.")
    channels = await workspace.store.channels.on_platform(PlatformName.WEB)
    assert "robotics" in [channel.name for channel in channels]


async def test_the_first_channel_is_added_in_an_empty_workspace(browser: Browser, tmp_path: Path) -> None:
    async with running_workspace(tmp_path, channels=()) as empty, opened(browser, empty, "/") as page:
        await expect(page.get_by_role("heading", name="There are no channels yet")).to_be_visible()
        await page.get_by_label("Add a channel").fill("papers")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/c/papers")


async def test_the_state_of_the_channel_follows_commands(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace) as page:
        await expect(page.locator("#top-status")).to_have_text("Next digest tomorrow 09:00")
        await command(page, "pause")
        await expect(page.locator("#top-status")).to_have_text("Paused")
        await expect(page.get_by_role("link", name="general").locator(".channel-mark")).to_have_text("Paused")


async def test_times_turn_to_the_readers_zone(browser: Browser, workspace: RunningWorkspace) -> None:
    await workspace.post(says("Morning"))
    async with opened(browser, workspace, timezone_id="Asia/Tokyo") as page:
        await expect(messages(page).locator("time")).to_have_text("18:00")
        await listens(page)
        await workspace.post(says("Again"))
        await expect(messages(page).last.locator("time")).to_have_text("18:00")


async def test_the_login_and_back(browser: Browser, tmp_path: Path) -> None:
    async with (
        running_workspace(tmp_path, password="secret") as locked,
        opened(browser, locked, "/c/vision") as page,
    ):
        await page.get_by_label("Password").fill("secret")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/c/vision")
        await command(page, "help")
        await expect(messages(page)).to_contain_text("Only visible to you")
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_label("Password")).to_be_focused()


async def test_the_menu_of_a_card_is_for_the_keyboard(browser: Browser, workspace: RunningWorkspace) -> None:
    await workspace.post(Message(summary="A digest", blocks=(listed_card(1),)))
    async with opened(browser, workspace) as page:
        digest = messages(page).first
        menu = digest.locator("details.menu")
        await menu.locator("summary").focus()
        await page.keyboard.press("Enter")
        await expect(digest.get_by_role("link", name="Similar")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(digest.get_by_role("link", name="Similar")).to_be_hidden()
        await expect(menu.locator("summary")).to_be_focused()
        await page.keyboard.press("Enter")
        await digest.get_by_role("button", name="Forget").click()
        await expect(page.get_by_text("Forgot 2604.00001.")).to_be_visible()
        await expect(menu).not_to_have_attribute("open", "")
