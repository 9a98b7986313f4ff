"""The workspace in a real browser: phones, darkness, keyboards, and messages that mean harm."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.messages.message import Button, Buttons, Code, Heading, Items, Link, Message, Note, Paragraph, Span, text
from tests.adapters.web.pages import DESKTOP, PHONE, SMALLEST, command, fits_its_width, listens, messages, opened
from tests.adapters.web.workspace import RunningWorkspace, card, listed_card, says

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ENOUGH_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3


def hostile_messages() -> list[Message]:
    """What a feed or a person with bad intentions might put everywhere that text goes."""
    texts = (
        "<script>alert(1)</script><img src=x onerror=alert(2)>",
        "\"><svg/onload=alert(3)> ' onmouseover=alert(4) {{ 7 * 7 }}",
        "</article></main><style>*{display:none}</style><base href=https://evil.example/>",
        "W" * 5000,
        "long words " * 10_000,
        "abc\u202edcba\u2066\u202b fdp.exe",
        "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L" * 50,
        "مرحبا بالعالم 123 (abc)",
        "\x00\x1b[31m\r\n\u2028",
    )
    return [
        Message(
            summary=each,
            mention=each,
            blocks=(
                Heading(each),
                Paragraph((Span(each, bold=True), Span(each, code=True), Span(each, url="javascript:alert(5)"))),
                Note((Span(each, url=f"https://example.org/{each}"),)),
                Code(each),
                Items((text(each), text(each))),
                Buttons((Button(each, each),)),
                card(
                    1,
                    title=each,
                    url=f"javascript:alert(6)//{each}",
                    summary=each,
                    byline=each,
                    abstract=each,
                    facts=(each, each),
                    topics=(each,),
                    links=(Link(each, "data:text/html,<script>alert(7)</script>"), Link(each, "https://example.org/")),
                    buttons=(Button(each, f"abstract {each}"),),
                    thumbnail_url="https://example.org/pixel.png",
                ),
                card(2, title=each, byline=each, facts=(each,), compact=True, buttons=()),
            ),
        )
        for each in texts
    ]


@pytest.mark.parametrize("viewport", [DESKTOP, SMALLEST], ids=["desktop", "smallest"])
async def test_hostile_messages_neither_run_nor_break_the_page(
    browser: Browser, workspace: RunningWorkspace, viewport: ViewportSize
) -> None:
    hostile = hostile_messages()
    for message in hostile[:5]:
        await workspace.post(message)
    async with opened(browser, workspace, viewport=viewport, refusals=None) as page:  # there are no pictures
        await listens(page)
        for message in hostile[5:]:
            await workspace.post(message)
        await expect(messages(page)).to_have_count(len(hostile))
        assert await fits_its_width(page)
        unwanted = "script, style, base, iframe, [onload], [onerror]"
        assert await page.locator(f"#timeline :is({unwanted})").count() == 0
        assert await page.locator("#timeline img:not(.thumbnail[src^='/thumbnail/'])").count() == 0
        assert (
            await page.locator("#timeline a[href]:not([href^='https://'], [href^='/paper/'], [href^='/c/'])").count()
            == 0
        )
        await expect(page.locator("#line")).to_be_in_viewport()
        await command(page, "<script>alert(8)</script>")
        await expect(page.locator(".failed .asked")).to_have_text("/papers <script>alert(8)</script>")


@pytest.mark.parametrize("viewport", [PHONE, SMALLEST], ids=["phone", "smallest"])
async def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, workspace: RunningWorkspace, viewport: ViewportSize
) -> None:
    head = await workspace.post(Message(summary="A digest", blocks=(Heading("Daily Papers"), card(1), card(2))))
    await workspace.post(Message(summary="A reply", blocks=(card(3),)), reply_to=head)
    async with opened(browser, workspace, viewport=viewport, has_touch=True, is_mobile=True) as page:
        assert await fits_its_width(page)
        await page.locator(".thread > summary").tap()
        await expect(page.get_by_text("Paper number 3")).to_be_visible()
        assert await fits_its_width(page)
        channels = page.get_by_role("navigation", name="Channels")
        await expect(channels).to_be_hidden()
        await page.get_by_role("button", name="Show the list of channels").tap()
        await expect(channels.get_by_role("link", name="general")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(channels).to_be_hidden()
        await expect(page.get_by_role("button", name="Show the list of channels")).to_be_focused()
        await page.get_by_role("button", name="Show the list of channels").tap()
        await channels.get_by_role("link", name="vision").tap()
        await page.wait_for_url("**/c/vision")
        await expect(channels).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_text_has_enough_contrast(browser: Browser, workspace: RunningWorkspace, scheme: str) -> None:
    paper = card(1, topics=("agents",), abstract="The abstract.", links=(Link("arXiv", "https://arxiv.org/"),))
    head = await workspace.post(
        Message(
            summary="Everything",
            mention="@team",
            blocks=(Heading("Heading"), Note(text("Note")), Code("code"), Items((text("item"),)), paper),
        )
    )
    await workspace.post(says("Reply"), reply_to=head)
    async with opened(browser, workspace, color_scheme=scheme) as page:
        await command(page, "search x")
        await expect(messages(page)).to_have_count(2)
        await command(page, "nonsense")
        await expect(messages(page)).to_have_count(3)
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(_channels(ground)) < 200) == (scheme == "dark")
        weak = [each for each in await _text_colours(page) if _contrast(each[1], each[2]) < ENOUGH_CONTRAST]
        assert weak == []


async def _text_colours(page: Page) -> list[tuple[str, str, str]]:
    """All visible text with its colour and that of the nearest ground behind it."""
    found: list[tuple[str, str, str]] = await page.evaluate(
        """() => {
          const ground = (element) => {
            for (let each = element; each; each = each.parentElement) {
              const colour = getComputedStyle(each).backgroundColor;
              if (colour !== "rgba(0, 0, 0, 0)") return colour;
            }
          };
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          const found = [];
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const element = node.parentElement;
            if (!node.data.trim() || !element.checkVisibility()) continue;
            found.push([node.data.trim(), getComputedStyle(element).color, ground(element)]);
          }
          return found;
        }"""
    )
    return found


def _channels(colour: str) -> list[float]:
    return [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]


def _contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""

    def luminance(colour: str) -> float:
        parts = [value / 255 for value in _channels(colour)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


async def test_everything_can_be_reached_and_seen_with_the_keyboard(
    browser: Browser, workspace: RunningWorkspace
) -> None:
    await workspace.post(Message(summary="A card", blocks=(card(1),)))
    # With a touch screen the command line does not take the focus by itself, so the way starts at the top.
    async with opened(browser, workspace, has_touch=True, is_mobile=True) as page:
        reached = []
        for _ in range(40):
            await page.keyboard.press("Tab")
            name, ring = await page.evaluate(
                """() => {
                  const element = document.activeElement;
                  const style = getComputedStyle(element);
                  const around = getComputedStyle(element.parentElement);
                  const ring = style.outlineStyle !== "none" || around.boxShadow !== "none";
                  return [element.ariaLabel || element.textContent.trim() || element.id, ring];
                }"""
            )
            assert ring, name
            reached.append(name)
            if name == "Run the command":
                break
        assert reached[0] == "Skip to the command line"
        for expected in ("channel-name", "Messages in #general", "Paper number 1", "Abstract", "Command"):
            assert expected in reached


async def test_nothing_moves_for_who_wants_no_motion(browser: Browser, workspace: RunningWorkspace) -> None:
    async with opened(browser, workspace, viewport=PHONE, reduced_motion="reduce") as page:
        await listens(page)
        await workspace.post(says("Calm"))
        await expect(messages(page)).to_have_count(1)
        moving = "[...document.querySelectorAll('*')].flatMap(each => each.getAnimations()).length"
        assert await page.evaluate(moving) == 0
        await page.get_by_role("button", name="Show the list of channels").click()
        assert await page.evaluate(moving) == 0


async def test_the_page_is_usable_without_a_script(browser: Browser, workspace: RunningWorkspace) -> None:
    await workspace.post(Message(summary="A card", blocks=(listed_card(1),)))
    async with opened(browser, workspace, viewport=PHONE, java_script_enabled=False) as page:
        await expect(page.get_by_role("link", name="vision")).to_be_visible()
        await page.locator("details.menu summary").click()
        await page.get_by_role("button", name="Forget").click()
        await expect(page.get_by_text("Forgot 2604.00001.")).to_be_visible()
