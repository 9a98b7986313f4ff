"""Drafts: what a topic that somebody is writing would bring, and how it may be written better."""

from __future__ import annotations

import pytest

from bot.errors import UserError
from bot.messages.plain import plain_text
from bot.panels.drafts import Suggestion
from bot.query.errors import QueryError
from tests.core import Core
from tests.sources import a_paper


async def test_a_draft_shows_what_the_topic_would_have_brought_and_is_none_yet(core: Core) -> None:
    await core.news(a_paper(1, title="Turtles swim"), a_paper(2, title="Turtles", upvotes=1), a_paper(3, title="Hares"))
    preview = await core.panels.drafts.preview(core.call(), "title:turtles", 2)
    assert preview.mistake is None
    assert preview.volume is not None
    assert (preview.volume.total, preview.volume.all_papers) == (1, 3)
    assert [found.paper.title for found in preview.found] == ["Turtles swim"]
    assert "upvotes" in "".join(span.text for span in preview.meaning)
    assert await core.store.channels.find(core.address()) is None


async def test_what_is_wrong_with_a_draft_is_said_with_its_place(core: Core) -> None:
    preview = await core.panels.drafts.preview(core.call(), "agents cat:nonsense")
    assert preview.mistake is not None
    assert (preview.mistake.start, preview.mistake.end) == (11, 19)
    assert preview.volume is None
    unknown = await core.panels.drafts.preview(core.call(), "like:2604.99999")
    assert unknown.mistake is not None


async def test_a_draft_is_offered_in_better_ways(core: Core) -> None:
    await core.news(*(a_paper(number, abstract=f"We study distillation {number}.") for number in range(1, 41)))

    async def offered(written: str) -> dict[str, str]:
        found = await core.panels.drafts.preview(core.call(), written)
        return {one.label: one.query for one in found.suggestions}

    assert "distillation" in (await offered("distilation")).values()
    assert (await offered("how does distillation work?"))["Only the words that tell"] == "distillation work"
    assert (await offered("https://arxiv.org/abs/2605.00001"))["Papers like that one"] == "like:2605.00001"
    assert not any("like" in label.lower() for label in await offered("distillation"))


async def test_a_sentence_that_finds_nothing_is_offered_as_words_that_do(core: Core) -> None:
    await core.news(*(a_paper(number, abstract=f"Robots imitate films {number}.") for number in range(1, 6)))
    found = await core.panels.drafts.preview(core.call(), "papers on robots that imitate turtles from films")
    offered = {one.label: one.query for one in found.suggestions}
    assert offered["Only the words that tell"] == "robots imitate turtles films"
    assert offered["With fewer of the words"] == "robots imitate films"


async def test_ways_by_meaning_are_left_out_where_no_model_is_known_to_be_missing_yet(core: Core) -> None:
    await core.store.papers.import_papers([a_paper(number, title="Turtles swim") for number in range(1, 4)])
    await core.index.refresh()
    assert not core.services.meaning.problem
    ways = await core.panels.drafts.paced(core.call(), "turtles swim", 40)
    assert all("about:" not in one.query for one in ways)


async def test_a_draft_is_offered_in_ways_that_bring_as_many_papers_as_somebody_wants(core: Core) -> None:
    await core.news(
        *(
            a_paper(
                number,
                title="Turtles",
                upvotes=10 * (number % 4),
                abstract="They are studied" + " with molecules." * (number % 3 == 0),
            )
            for number in range(1, 41)
        )
    )
    fewer = await core.panels.drafts.paced(core.call(), "turtles", 10)
    assert {"From 20 upvotes on", "With “molecules”"} & {one.label for one in fewer}
    for one in fewer:
        query = one.query or "turtles"
        volume = (await core.panels.drafts.preview(core.call(), query, one.min_upvotes)).volume
        assert volume is not None
        assert volume.total == one.per_day * volume.days
        assert 10 / 1.8 <= one.per_day <= 10 * 1.8
    more = await core.panels.drafts.paced(core.call(), "turtles molecules", 40)
    assert ("Without “molecules”", "turtles", 40.0) in [(one.label, one.query, one.per_day) for one in more]
    unbounded = await core.panels.drafts.paced(core.call(), "turtles", 40, 20)
    assert (unbounded[0].label, unbounded[0].min_upvotes) == ("Whatever the upvotes", 0)
    with pytest.raises(QueryError):
        await core.panels.drafts.paced(core.call(), 'title:"', 3)


async def test_too_much_can_be_halved_by_upvotes_or_by_a_word(core: Core) -> None:
    await core.news(
        *(a_paper(number, title="Turtles", upvotes=20 * (number % 2)) for number in range(1, 41)),
        *(a_paper(number, upvotes=0, abstract="Hares" + " on molecules" * (number % 2)) for number in range(41, 81)),
    )

    async def offered(written: str) -> list[Suggestion]:
        return list((await core.panels.drafts.preview(core.call(), written)).suggestions)

    assert [one.min_upvotes for one in await offered("turtles")] == [1]
    assert [one.query for one in await offered("hares")] == ["hares molecules"]


async def test_an_unwanted_paper_proposes_exclusions_with_what_they_cost(core: Core) -> None:
    await core.news(
        a_paper(1, title="Turtles swim", categories=("cs.CL",)), a_paper(2, title="Turtles walk", categories=("cs.AI",))
    )
    found = await core.panels.drafts.proposals(core.call(), "title:turtles", "2605.00001", wanted=False)
    by_label = {one.label: one for one in found.proposals}
    assert by_label["Not cs.CL"].query == "title:turtles -cat:cs.CL"
    assert (by_label["Not cs.CL"].changes.gained, by_label["Not cs.CL"].changes.lost) == (0, 1)
    assert "Not “turtles”" not in by_label
    assert (await core.ask(f"subscribe {by_label['Not cs.CL'].query}")).failed is False


async def test_a_wanted_paper_proposes_to_be_an_example(core: Core) -> None:
    swim = "turtles swim in quantum tunnels below the frozen surface"
    await core.news(*(a_paper(number, title=f"{swim} {number}", abstract=swim) for number in range(1, 4)))
    found = await core.panels.drafts.proposals(core.call(), "hares", "2605.00001", wanted=True)
    (proposal,) = found.proposals
    assert proposal.query == "hares OR like:2605.00001"
    assert proposal.changes.gained == 3
    assert proposal.changes.lost == 0
    again = await core.panels.drafts.proposals(core.call(), proposal.query, "2605.00002", wanted=True)
    assert [one.query for one in again.proposals] == ["hares OR like:(2605.00001 2605.00002)"]


async def test_proposals_for_what_cannot_be_read_are_refused(core: Core) -> None:
    await core.news(a_paper(1))
    with pytest.raises(UserError):
        await core.panels.drafts.proposals(core.call(), 'title:"', "2605.00001", wanted=True)
    with pytest.raises(UserError):
        await core.panels.drafts.proposals(core.call(), "turtles", "nothing", wanted=True)


async def test_the_forms_of_chats_say_the_same_as_the_editor(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(1, 9)))
    preview = await core.panels.drafts.preview(core.call(), "diffusion")
    assert preview.volume is not None
    said = plain_text((await core.ask("forecast -- diffusion")).message)
    assert f"({preview.volume.total} papers" in said
    assert preview.volume.rate() in said
