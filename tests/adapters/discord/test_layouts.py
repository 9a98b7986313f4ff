"""Messages with papers as Components V2: what stands where, and what goes first when there is too much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.discord.messages.components import texts_of, walk
from adapters.discord.messages.layouts import PROCESSED_BYTES, Detail, processed_bytes
from adapters.discord.messages.markers import has_marker
from adapters.discord.messages.markup import length
from adapters.discord.messages.rendering import Form, form_of, papers_per_message, render, render_all
from bot.channels.channel import Style
from bot.messages.message import (
    Block,
    Button,
    Buttons,
    Divider,
    Document,
    Heading,
    Message,
    Note,
    PaperBlock,
    Paragraph,
    Span,
    Thumbs,
)
from tests.adapters.discord.messages import KEY, long_paper
from tests.simulators.discord_schema import size_problems

HEAD: tuple[Block, ...] = (Heading("12 new papers · Tuesday, 12 May 2026"), Note((Span("Topic: Agents"),)), Divider())
MORE = Buttons((Button("+9 more", "more 17"),))


def listed(number: int, **changes: Any) -> PaperBlock:
    """A card as digests have it, as long as they come."""
    card = long_paper(number)
    thumbs, opens = Thumbs(card.paper_id, up=number), Button("⋯", f"show {card.paper_id}")
    menu = (Button("Abstract", f"show {card.paper_id}"), Button("Save", f"save {card.paper_id}"))
    return replace(card, buttons=(), links=(), thumbs=thumbs, opens=opens, menu=menu, **changes)


def digest(*papers: PaperBlock, mention: str = "") -> Message:
    return Message(summary="A paper", blocks=(*HEAD, *papers, MORE), mention=mention, topics=("Agents",))


def labels(payload: dict[str, Any]) -> list[str]:
    return [one["label"] for one in walk(payload["components"]) if "label" in one]


def kinds(payload: dict[str, Any]) -> list[int]:
    """The types of the components in the container."""
    return [one["type"] for one in payload["components"][-1]["components"]]


def text_of(payload: dict[str, Any]) -> str:
    return "\n".join(texts_of(payload["components"]))


def papers_of(style: Style, *, abstracts: bool) -> list[PaperBlock]:
    """As many as surely fit into one message."""
    count = papers_per_message(style, abstracts=abstracts)
    lines = [long_paper(number, compact=True) for number in range(count)]
    cards = {Style.CARDS: count, Style.BRIEF: 5}.get(style, 0)
    long = {"abstract": "abstract *" * 250} if abstracts and style is Style.CARDS else {}
    return [listed(number, **long) for number in range(cards)] + lines[cards:]


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("abstracts", [False, True])
def test_a_full_digest_shows_every_paper_with_its_address_and_its_two_buttons(style: Style, abstracts: bool) -> None:
    papers = papers_of(style, abstracts=abstracts)
    payload = render(digest(*papers), key=KEY).payload
    assert size_problems(payload) == []
    text = text_of(payload)
    assert all(one.url in text and one.title[:20].split("*")[0] in text for one in papers)
    cards = sum(not one.compact for one in papers)
    assert labels(payload) == [
        *(label for n in range(cards) for label in ("👍" if n == 0 else f"👍 {n}", "⋯")),
        "+9 more",
    ]
    assert sum(one["type"] == 11 for one in walk(payload["components"])) == cards
    assert has_marker(payload, KEY)


def test_ten_papers_of_a_brief_digest_are_one_message_of_at_most_two_elements_a_paper() -> None:
    papers = [*(listed(n) for n in range(5)), *(long_paper(n, compact=True) for n in range(5, 10))]
    payload = render(digest(*papers)).payload
    assert papers_per_message(Style.BRIEF, abstracts=False) >= 10
    assert len(labels(payload)) == 11
    assert all(one.url in text_of(payload) for one in papers)


def test_a_card_is_a_title_that_leads_somewhere_why_it_is_here_and_one_line_of_the_rest() -> None:
    card = PaperBlock(
        paper_id="2604.13035",
        title="Sparse [Attention]",
        url="https://huggingface.co/papers/2604.13035",
        summary="It is sparse.",
        reason=(
            Span("Of all that is dense, "),
            Span("attention", bold=True),
            Span(" is what can be made sparse at no cost."),
        ),
        byline="Ada Lovelace and Alan Turing",
        facts=("▲ 112", "cs.CL"),
        topics=("Agents",),
        thumbs=Thumbs("2604.13035", up=3),
        opens=Button("⋯", "show 2604.13035"),
    )
    [text, row] = render(digest(card)).components[-1]["components"][2:4]
    assert text["content"] == (
        "**[Sparse (Attention)](https://huggingface.co/papers/2604.13035)**\n"
        "Of all that is dense, **attention** is what can be made sparse at no cost.\n"
        "-# Ada Lovelace and Alan Turing · ▲ 112 · cs.CL · topic: Agents"
    )
    assert [one["label"] for one in row["components"]] == ["👍 3", "⋯"]
    [text, *_] = render(digest(replace(card, reason=()))).components[-1]["components"][2:]
    assert "\nIt is sparse.\n" in text["content"]
    short = (Span("Matches "), Span("attention", bold=True))
    [text, *_] = render(digest(replace(card, reason=short))).components[-1]["components"][2:]
    assert "\nMatches **attention**\nIt is sparse.\n" in text["content"]
    alone = replace(card, thumbs=None, opens=None, buttons=(Button("Similar", "similar 2604.13035"),))
    whole = text_of(render(Message(summary="x", blocks=(alone,))).payload)
    assert "It is sparse." in whole
    assert "**attention**" in whole


def test_a_picture_stands_beside_the_text_and_goes_before_any_button_does() -> None:
    few = render(digest(*(listed(n) for n in range(3)))).payload
    assert kinds(few) == [10, 14, 9, 1, 14, 9, 1, 14, 9, 1, 1]
    five = render(digest(*(listed(n) for n in range(5)))).payload
    assert kinds(five) == [10, 9, 1, 9, 1, 9, 1, 9, 1, 9, 1, 1]
    eight = render(digest(*(listed(n) for n in range(8)))).payload
    assert kinds(eight) == [10, *[10, 1] * 8, 1]
    ten = render(digest(*(listed(n) for n in range(10)))).payload
    assert kinds(ten) == [10, *[9] * 10, 1]
    assert labels(ten) == [*["⋯"] * 10, "+9 more"]
    crowd = render(digest(*(listed(n) for n in range(20)))).payload
    assert size_problems(crowd) == []
    assert len(Detail) == 5
    menus = [one for one in walk(crowd["components"]) if one["type"] == 3]
    assert [option["value"] for option in menus[-1]["options"]] == [f"show 2604.{n:05}" for n in range(20)]
    plain = render(digest(*(listed(n) for n in range(3))), form=Form.LAYOUT_WITHOUT_PICTURES).payload
    assert 11 not in [one["type"] for one in walk(plain["components"])]


def test_a_line_of_an_answer_has_its_button_beside_it_and_shows_why_it_was_found() -> None:
    found = PaperBlock(
        paper_id="1",
        title="Sparse",
        url="https://arxiv.org/abs/1",
        facts=("▲ 60",),
        snippet=(Span("a "), Span("sparse", bold=True), Span(" model")),
        compact=True,
        opens=Button("⋯", "show 1"),
    )
    [section] = render(Message(summary="x", blocks=(Heading("1 paper"), found))).components[-1]["components"][1:]
    assert section["type"] == 9
    assert section["components"][0]["content"] == "[Sparse](https://arxiv.org/abs/1) · ▲ 60\na **sparse** model"
    assert section["accessory"]["custom_id"] == "papers:show 1"


def test_the_abstract_is_cut_before_the_rest_and_no_address_is() -> None:
    papers = [replace(long_paper(n, abstract=True), summary=f"summary {n}", byline="Ada", links=()) for n in range(5)]
    address = f"https://example.org/{'a' * 300}"
    papers[2] = replace(papers[2], url=address)
    text = text_of(render(Message(summary="x", blocks=tuple(papers))).payload)
    for number in range(5):
        assert f"**[{number} " in text
        assert f"summary {number}\n-# Ada" in text
    assert address in text
    assert "\nabstract" in text
    assert length(text) <= 4000


def test_letters_of_three_bytes_are_counted_as_discord_processes_them() -> None:
    papers = tuple(replace(listed(n), title="紙" * 250, summary="論文" * 140, byline="著者" * 60) for n in range(5))
    components = render(digest(*papers)).components
    assert processed_bytes(components) <= PROCESSED_BYTES
    assert all(one.url in "".join(texts_of(components)) for one in papers)


def test_the_text_in_front_says_what_it_is_about_and_is_all_that_mentions_a_role() -> None:
    role = "<@&123456789012345678>"
    payload = render(digest(listed(1), mention=role)).payload
    assert payload["components"][0] == {"type": 10, "content": f"{role} A paper"}
    assert payload["allowed_mentions"] == {"parse": [], "roles": ["123456789012345678"]}
    assert "content" not in payload
    card = long_paper(1)
    assert [one["type"] for one in render(Message(summary=card.title, blocks=(card,))).components] == [17]
    assert render(Message(summary=card.title, blocks=(card,), mention=role)).components[0]["content"] == role


def test_what_shows_no_paper_or_brings_a_file_is_text_with_embeds() -> None:
    assert form_of(Message(summary="x", blocks=(Heading("Help"),))) is Form.EMBEDS
    document = Document(name="x.bib", text="@article{}")
    assert form_of(Message(summary="x", blocks=(long_paper(1), document))) is Form.EMBEDS
    # In the place of a layout it has to be one, too.
    forced = render(Message(summary="Help", blocks=(Paragraph((Span("Help"),)),)), form=Form.LAYOUT).payload
    assert size_problems(forced) == []
    assert text_of(forced) == "Help"


def test_a_long_answer_goes_on_in_further_messages() -> None:
    papers = tuple(long_paper(number, abstract=True) for number in range(12))
    parts = render_all(Message(summary="x", blocks=(*papers, Buttons((Button("Next", "today --page 2"),)))))
    assert [one.url for one in papers if one.url in str([part.components for part in parts])] == [
        one.url for one in papers
    ]
    assert len(parts) > 4
    assert all(size_problems(part.payload) == [] for part in parts)
    assert "papers:today --page 2" in str(parts[-1].components)


def test_many_lines_are_one_text() -> None:
    lines = tuple(replace(long_paper(number, compact=True), title=f"Paper {number}") for number in range(20))
    [part] = render_all(Message(summary="x", blocks=lines))
    [text] = part.components[-1]["components"]
    assert text["content"].count("\n") == 19


def test_a_few_words_more_find_their_place_below_a_layout() -> None:
    whole = render(digest(*(listed(n) for n in range(5)))).with_words("<#123>")
    assert size_problems(whole.payload) == []
    assert whole.payload["components"][-1] == {"type": 10, "content": "<#123>"}
    assert render(Message(summary="Help")).with_words("<#123>").content == "Help <#123>"
