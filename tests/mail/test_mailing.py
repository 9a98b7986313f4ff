"""Papers by mail: who gets them, when, and how that ends. The real adapter hands them in to a server on a socket."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.mail.composition import token_of_mail_id
from bot.app.doctor.store_checks import store_checks
from bot.channels.channel import ChannelState, Order, Style
from bot.errors import OperatorError
from bot.mail import mailing
from bot.mail.mailing import QUESTIONS_TO_ADDRESS
from bot.messages.message import Message
from bot.messages.plain import plain_text
from bot.platforms.outcomes import Gone, Outgoing, Retry, Sent
from bot.posting.retries import UnknownPolicy
from storage.store import SqlStore
from tests.core import VISITOR, Core
from tests.databases import SQLITE_IS_ENOUGH, sqlite_in
from tests.mail.scene import ADDRESS, LINKS, MailScene, mail_platform, words_of
from tests.simulators.smtp import Fault
from tests.sources import a_paper


async def test_nothing_but_a_question_comes_before_its_reader_said_yes(scene: MailScene) -> None:
    answer = await scene.core.say(f"email add {ADDRESS}")
    assert "asked" in answer
    assert "weekday" in answer, "on the channel's own schedule"
    await scene.core.news(a_paper(1))
    await scene.core.settle(hours=30)
    (question,) = scene.mails()
    assert "Do you want mails from" in question["Subject"]
    assert "Diffusion Study" not in words_of(question)
    assert "has not answered" in await scene.core.say("email")


async def test_papers_come_once_on_the_addresss_own_schedule(scene: MailScene) -> None:
    await scene.confirmed("daily 07:30")
    await scene.core.news(a_paper(1), a_paper(2))
    await scene.core.next_digest()  # the channel's
    await scene.digest()
    _, digest = scene.mails()
    assert "Diffusion Study 1" in words_of(digest)
    assert "Diffusion Study 2" in words_of(digest)
    await scene.core.news(a_paper(1, upvotes=500), a_paper(3))
    await scene.core.settle(hours=48)
    _, _, third = scene.mails()
    assert "Diffusion Study 3" in words_of(third)
    assert "Diffusion Study 1" not in words_of(third)
    assert all(count == 1 for count in scene.server.copies.values())


async def test_a_link_confirms_once_and_reading_its_page_confirms_nothing(scene: MailScene) -> None:
    await scene.core.say(f"email add {ADDRESS}")
    await scene.core.engine.deliver()
    link = scene.link()
    page = await scene.browser.get(link)
    assert (page.status_code, "<button>" in page.text) == (200, True)
    assert "has not answered" in await scene.core.say("email")
    assert (await scene.browser.post(link)).status_code == 200
    assert "not answered" not in await scene.core.say("email")
    for used in (await scene.browser.post(link), await scene.browser.get(link)):
        assert used.status_code == 404


@SQLITE_IS_ENOUGH
async def test_a_link_ends_after_two_days(scene: MailScene) -> None:
    await scene.core.say(f"email add {ADDRESS}")
    await scene.core.engine.deliver()
    scene.core.clock.advance(hours=49)
    assert (await scene.browser.post(scene.link())).status_code == 404
    assert "did not answer" in await scene.core.say("email")


async def test_one_click_unsubscribes_without_anything_else(scene: MailScene) -> None:
    await scene.confirmed()
    await scene.core.news(a_paper(1))
    await scene.digest()
    header = scene.mails()[-1]["List-Unsubscribe"].strip("<>")
    await scene.core.news(a_paper(2))
    assert "<button>" in (await scene.browser.get(header)).text
    form = {"content-type": "multipart/form-data; boundary=x", "origin": "https://mail.elsewhere.example"}
    done = await scene.browser.post(header, content=b"--x\r\n\r\n--x--\r\n", headers=form)
    assert done.status_code == 200
    await scene.core.settle(hours=48)
    assert len(scene.mails()) == 2
    assert "unsubscribed" in await scene.core.say("email")
    assert "Unsubscribed" in (await scene.browser.get(header)).text


async def test_who_unsubscribed_is_asked_anew_before_anything_comes(scene: MailScene) -> None:
    await scene.confirmed()
    await scene.browser.post(scene.link(0).replace("confirm", "leave"))  # of another purpose, and so nothing
    await scene.core.say(f"email remove {ADDRESS}")
    await scene.core.news(a_paper(1))
    await scene.core.say(f"email add {ADDRESS}")
    await scene.core.settle(hours=26)
    assert len(scene.mails()) == 2, "two questions"
    assert (await scene.browser.post(scene.link(1))).status_code == 200
    await scene.core.news(a_paper(2))
    await scene.core.settle(hours=80)
    assert "Diffusion Study 2" in words_of(scene.mails()[2])


async def test_an_address_that_is_refused_stops_alone_and_is_said_once(scene: MailScene) -> None:
    await scene.confirmed()
    await scene.confirmed(address="you@lab.example")
    await scene.core.news(a_paper(1))
    scene.server.refuse("RCPT", "550 5.1.1 No such user")
    await scene.digest()
    stopped = [own for _, own in await scene.core.mailing.of_channel(await scene.core.channel())]
    assert sorted(own.state for own in stopped) == [ChannelState.ACTIVE, ChannelState.BROKEN]
    (told,) = scene.core.platform.words
    assert "does not exist" in told
    assert "does not exist" in await scene.core.say("email")
    checks = store_checks(scene.core.health, scene.core.store.channels, scene.core.index, scene.core.engine.meaning)
    with pytest.raises(OperatorError, match="email resume"):
        await checks["Channels"]()
    await scene.core.say("email resume")
    await scene.core.settle(hours=1)
    assert {len(scene.mails()), len(scene.mails("you@lab.example"))} == {2}


@SQLITE_IS_ENOUGH
async def test_a_greylisting_server_gets_the_mail_later_once(scene: MailScene) -> None:
    scene.server.refuse("RCPT", *["451 4.7.1 Greylisted, try again later"] * 2)
    await scene.core.say(f"email add {ADDRESS}")
    await scene.core.settle(hours=2)
    assert len(scene.mails()) == 1
    assert all(count == 1 for count in scene.server.copies.values())


@SQLITE_IS_ENOUGH
async def test_who_may_not_manage_sees_no_address_and_adds_none(scene: MailScene) -> None:
    await scene.confirmed()
    listed = plain_text((await scene.core.ask("email", person=VISITOR)).message)
    assert "a…@lab.example" in listed
    assert ADDRESS not in listed
    assert "may manage" in await scene.core.refused("email add you@lab.example", person=VISITOR)


async def test_few_questions_go_to_an_address_and_from_a_channel(
    scene: MailScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing, "QUESTIONS_OF_CHANNEL", 5)
    for _ in range(QUESTIONS_TO_ADDRESS):
        await scene.core.say(f"email add {ADDRESS}")
    assert "was asked 3 times today" in await scene.core.refused(f"email add {ADDRESS}")
    for number in range(5 - QUESTIONS_TO_ADDRESS):
        await scene.core.say(f"email add reader{number}@lab.example")
    assert "5 addresses were added here today" in await scene.core.refused("email add another@lab.example")
    await scene.core.settle(hours=1)
    assert len(scene.mails()) <= QUESTIONS_TO_ADDRESS
    scene.core.clock.advance(hours=25)
    await scene.core.say("email add another@lab.example")


async def test_a_topic_that_is_removed_brings_nothing_more_by_mail(scene: MailScene) -> None:
    await scene.confirmed()
    await scene.core.news(a_paper(1))
    await scene.core.say("unsubscribe 1")
    await scene.core.settle(hours=48)
    assert len(scene.mails()) == 1


async def test_what_nobody_confirmed_or_that_ended_is_forgotten(scene: MailScene, store: SqlStore) -> None:
    await scene.core.say(f"email add {ADDRESS}")
    await scene.core.settle(hours=1)
    now = scene.core.clock.now()
    assert await store.recipients.delete_unconfirmed(now, now, 10) == 1
    assert "Nobody gets" in await scene.core.say("email")
    assert await store.recipients.delete_unconfirmed(now, now, 10) == 0


@SQLITE_IS_ENOUGH
@pytest.mark.parametrize("line", ["email", f"email add {ADDRESS}", f"email remove {ADDRESS}", "email resume"])
async def test_without_a_mail_server_it_is_said_what_is_missing(store: SqlStore, tmp_path: Path, line: str) -> None:
    core = Core(store, tmp_path / "index")
    assert "PAPERROUND_SMTP_URL" in await core.refused(line)
    await core.index.close()


async def test_a_bounce_stops_its_address_with_the_token_of_a_mail_alone(scene: MailScene) -> None:
    await scene.confirmed()
    token = token_of_mail_id(scene.mails()[0]["Message-ID"])
    assert await scene.core.mailing.bounced(token[:-1] + ("0" if token[-1] != "0" else "1")) is None
    bounced = await scene.core.mailing.bounced(token.upper())
    assert bounced is not None
    await scene.core.engine.outbox.stop(bounced[1], Gone("A mail came back: the address does not exist."))
    assert "does not exist" in await scene.core.say("email")
    (told,) = scene.core.platform.words
    assert "A mail came back" in told
    await scene.core.say(f"email remove {ADDRESS}")
    assert await scene.core.mailing.bounced(token) is None


@pytest.mark.parametrize("period", ["day", "week"])
async def test_what_is_trending_comes_by_mail_whatever_the_topics(scene: MailScene, period: str) -> None:
    for address in (ADDRESS, "you@lab.example"):
        await scene.confirmed(f"daily 08:00 --trending {period}", address)
    earlier = a_paper(1, title="Robots of yesterday", abstract="", upvotes=70)
    await scene.core.news(earlier)
    scene.core.clock.advance(hours=24)
    await scene.core.news(
        a_paper(2, title="Robots walk", abstract="", upvotes=10),
        a_paper(3, title="Cells fold", abstract="", upvotes=90),
    )
    await scene.digest()
    words = words_of(scene.mails()[-1])
    assert words.index("Cells fold") < words.index("Robots walk")
    assert ("Robots of yesterday" in words) is (period == "week")
    assert "Cells fold" in words_of(scene.mails("you@lab.example")[-1])
    await scene.core.settle(hours=30)
    assert all("Cells fold" not in words_of(mail) for mail in scene.mails()[2:]), "once"


@SQLITE_IS_ENOUGH
async def test_a_mail_mentions_nobody_and_is_one_for_all_papers(scene: MailScene) -> None:
    for line in ("settings style threads", "settings mention @team", "settings limit 7"):
        await scene.core.say(line)
    await scene.core.say(f"email add {ADDRESS}")
    await scene.core.say("email add you@lab.example --trending day")
    settings, trending = [(await scene.own_channel(one)).settings for one in (ADDRESS, "you@lab.example")]
    assert (settings.style, settings.mention, settings.limit) == (Style.BRIEF, "", 7)
    assert trending == replace(settings, order=Order.UPVOTES)


@SQLITE_IS_ENOUGH
async def test_mail_that_comes_already_takes_another_schedule_without_a_question(scene: MailScene) -> None:
    await scene.confirmed()
    assert "already" in await scene.core.refused(f"email add {ADDRESS}")
    assert "every day at 07:30" in await scene.core.say(f"email add {ADDRESS} daily 07:30")
    await scene.core.settle(hours=1)
    assert len(scene.mails()) == 1


async def test_what_stopped_all_mail_is_over_for_all_of_it(scene: MailScene) -> None:
    await scene.core.ask("subscribe diffusion", "vision")
    await scene.confirmed("daily 07:30")
    await scene.core.ask("email add you@lab.example daily 07:30", "vision")
    await scene.core.engine.deliver()
    await scene.browser.post(scene.link(address="you@lab.example"))
    await scene.core.news(a_paper(1))
    scene.server.refuse("MAIL", "550 5.7.1 Sender not allowed")
    await scene.digest()
    listed = [await scene.core.ask("email", name) for name in ("general", "vision")]
    assert all("stopped" in plain_text(reply.message) for reply in listed)
    assert "2 addresses" in await scene.core.say("email resume")
    await scene.core.settle(hours=1)
    assert (len(scene.mails()), len(scene.mails("you@lab.example"))) == (2, 2)


async def test_a_server_that_takes_nothing_from_the_bot_is_told_to_whoever_runs_it(scene: MailScene) -> None:
    await scene.confirmed("daily 07:30")
    await scene.core.news(a_paper(1))
    scene.server.refuse("MAIL", "550 5.7.1 Sender not allowed")
    await scene.digest()
    (refusal,) = scene.platform.access.refusals
    assert refusal.advice.startswith("The mail server does not take mails from the bot’s address. Look at PAPERROUND_")
    await scene.core.say("email resume")
    await scene.core.settle(hours=1)
    assert not scene.platform.access.refusals


async def test_a_backup_carries_addresses_with_all_that_they_were_sent(scene: MailScene, tmp_path: Path) -> None:
    await scene.confirmed()
    other = SqlStore(sqlite_in(tmp_path / "other.db"))
    await scene.store.backup.write(tmp_path / "backup.gz", lambda _: None)
    await other.backup.restore(tmp_path / "backup.gz", lambda _: None)
    before = await scene.store.recipients.followers((await scene.core.channel()).id)
    assert await other.recipients.followers((await scene.core.channel()).id) == before
    assert LINKS.is_leaving(LINKS.leaving(before[0]).rpartition("/")[2], before[0])
    await other.close()


async def test_a_channel_that_is_deleted_takes_its_mail_along(scene: MailScene) -> None:
    await scene.confirmed()
    await scene.store.channels.delete((await scene.core.channel()).id, scene.core.clock.now())
    assert (await scene.browser.post(scene.link())).status_code == 404
    await scene.core.settle(hours=30)
    assert len(scene.mails()) == 1


@SQLITE_IS_ENOUGH
@pytest.mark.parametrize("policy", list(UnknownPolicy))
async def test_where_an_answer_is_lost_the_setting_decides(scene: MailScene, policy: UnknownPolicy) -> None:
    scene.core.engine.outbox._reconciliation._unknown_policy = policy
    scene.server.fail(Fault.ANSWER_LOST)
    await scene.core.say(f"email add {ADDRESS}")
    await scene.core.settle(hours=3)
    (mail,) = scene.mails()
    assert scene.server.copies[mail["Message-ID"]] == (2 if policy is UnknownPolicy.AT_LEAST_ONCE else 1)


async def test_where_few_mails_may_leave_in_a_minute_none_is_taken_before_its_turn(scene: MailScene) -> None:
    await scene.confirmed()
    before = len(scene.mails())
    slow = mail_platform(scene.server, scene.store, scene.core.clock, rate=0.02)
    address = (await scene.own_channel()).address
    outgoing = [Outgoing(address=address, message=Message(summary="News"), key=key * 24) for key in "ab"]
    assert slow.room("mail")
    assert isinstance(await slow.send(outgoing[0]), Sent)
    assert slow.room("mail") == 0
    later = await slow.send(outgoing[1])
    assert isinstance(later, Retry)
    assert later.after is not None
    assert 40 < later.after <= 50
    assert len(scene.mails()) == before + 1
    await slow.close()
