"""Mailing: how addresses are added, confirmed, ended and resumed.

Whoever types an address may mistype it, or mean somebody ill: nothing but one question goes to an address before its
reader has said yes, and only so many questions are asked.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.channels.channel import Channel, ChannelSettings, ChannelState, Order, Style
from bot.channels.next_digest import next_for
from bot.channels.store import ChannelStore
from bot.clocks import Clock
from bot.errors import UserError
from bot.mail.addresses import parse_email
from bot.mail.links import KEY_DIGITS, MailLinks, key_of
from bot.mail.recipients import Content, Ended, NewRecipient, Recipient, RecipientStore, mail_address
from bot.schedules.parsing import parse_schedule
from bot.schedules.stored import schedule_of

QUESTIONS_OF_CHANNEL: Final = 20  # a day
QUESTIONS_TO_ADDRESS: Final = 3  # a day, whoever asks
QUESTIONS_OF_ALL: Final = 500  # a day
MOST_ADDRESSES: Final = 100  # of a channel
_DAY: Final = timedelta(days=1)
_NONCE_BYTES: Final = 16
DEFAULT_SCHEDULES: Final = {Content.TOPICS: "daily 09:00", Content.DAY: "daily 09:00", Content.WEEK: "mon 09:00"}

NO_MAIL: Final = (
    "This bot sends no mail: whoever runs it has to set PAPERROUND_SMTP_URL, PAPERROUND_MAIL_FROM and "
    "PAPERROUND_PUBLIC_URL first."
)


class Mailing:
    """What people do with addresses. Without `links` the bot sends no mail."""

    def __init__(
        self, recipients: RecipientStore, channels: ChannelStore, clock: Clock, links: MailLinks | None
    ) -> None:
        self._recipients = recipients
        self._channels = channels
        self._clock = clock
        self._links = links

    @property
    def links(self) -> MailLinks:
        """Raises `UserError` where the bot sends no mail."""
        if self._links is None:
            raise UserError(NO_MAIL)
        return self._links

    async def of_channel(self, channel: Channel) -> list[tuple[Recipient, Channel]]:
        """The addresses of a channel, each with the channel of its own."""
        recipients = await self._recipients.followers(channel.id)
        own = await self._channels.get([recipient.channel_id for recipient in recipients])
        return [(one, own[one.channel_id]) for one in recipients if one.channel_id in own]

    async def ask(
        self, channel: Channel, email: str, *, content: Content, schedule: str, added_by: str
    ) -> tuple[Recipient, Channel]:
        """Asks an address whether it wants what the channel gets; raises `UserError`.

        An empty `schedule` is the channel's own where that has digests.
        """
        _ = self.links
        email = parse_email(email)
        known = await self.of_channel(channel)
        same = next(
            (own for one, own in known if (one.email, one.content) == (email, content) and one.is_confirmed), None
        )
        if same is not None and same.state is not ChannelState.BROKEN:
            raise UserError(f"{email} gets mail from here already.")
        if len(known) >= MOST_ADDRESSES:
            raise UserError(f"This channel has {MOST_ADDRESSES} addresses, which is the most. Remove one first.")
        await self._refuse_floods(channel, email)
        wanted = NewRecipient(
            follows=channel,
            email=email,
            content=content,
            schedule=_schedule(channel, content, schedule),
            settings=_settings(channel, content),
            added_by=added_by,
            key=secrets.token_hex(KEY_DIGITS // 2),
            nonce=secrets.token_hex(_NONCE_BYTES),
        )
        recipient = await self._recipients.ask(wanted, self._clock.now())
        return recipient, (await self._channels.get([recipient.channel_id]))[recipient.channel_id]

    async def reschedule(self, channel: Channel, email: str, *, content: Content, schedule: str) -> Channel | None:
        """Gives mails that come already another schedule; None where none come, or no schedule is named."""
        same = [
            own
            for one, own in await self._named(channel, email)
            if one.content is content and one.is_confirmed and own.state is not ChannelState.BROKEN
        ]
        if not same or not schedule:
            return None
        now, text = self._clock.now(), parse_schedule(schedule).text

        def changed(own: Channel) -> Channel:
            moved = replace(own, schedule=text)
            return replace(moved, next_digest_at=next_for(moved, now))

        return await self._channels.change(same[0].id, changed, now)

    async def asked(self, token: str) -> Recipient | None:
        """Whom a link asks whether they want mail; None for one that is wrong, too old or was answered."""
        recipient = await self._recipients.find(key_of(token))
        if recipient is None or recipient.confirmed_at or recipient.ended_at:
            return None
        return recipient if self.links.is_confirmation(token, recipient, self._clock.now()) else None

    async def confirm(self, token: str) -> Recipient | None:
        """Answers such a question with yes, once."""
        recipient = await self.asked(token)
        if recipient is None:
            return None
        now = self._clock.now()
        own = (await self._channels.get([recipient.channel_id])).get(recipient.channel_id)
        if own is None:
            return None
        done = await self._recipients.confirm(
            recipient.key, recipient.nonce, next_digest_at=next_for(own, now), now=now
        )
        return recipient if done else None

    async def leaving(self, token: str) -> Recipient | None:
        """Whose mails a link ends, also where they have ended before; None for one that is none of ours."""
        recipient = await self._recipients.find(key_of(token))
        return recipient if recipient is not None and self.links.is_leaving(token, recipient) else None

    async def leave(self, token: str) -> Recipient | None:
        """Ends them at once."""
        recipient = await self.leaving(token)
        if recipient is not None:
            await self._recipients.end(recipient.key, Ended.UNSUBSCRIBED, self._clock.now())
        return recipient

    async def remove(self, channel: Channel, email: str) -> list[Recipient]:
        """Ends all mails of a channel to an address; raises `UserError` where there are none."""
        theirs = [one for one, _ in await self._named(channel, email) if one.ended_at is None]
        if not theirs:
            raise UserError(f"{parse_email(email)} gets no mail from here. `/papers email` lists the addresses.")
        for recipient in theirs:
            await self._recipients.end(recipient.key, Ended.REMOVED, self._clock.now())
        return theirs

    async def resume(self, channel: Channel, email: str) -> list[Channel]:
        """Lets mails flow again that a mail server had refused, to one address or (without one) to all of a channel."""
        found = await self._named(channel, email) if email else await self.of_channel(channel)
        stopped = [own for one, own in found if one.is_confirmed and own.state is ChannelState.BROKEN]
        # What stopped all mail, such as a password, is over for all of it, or for none.
        with_all = await self._channels.stopped_with_workspace(mail_address(""))
        if {own.id for own in stopped} & {own.id for own in with_all}:
            stopped = list({own.id: own for own in (*stopped, *with_all)}.values())
        now = self._clock.now()
        await self._channels.resume_all([own.id for own in stopped], lambda own: next_for(own, now))
        return stopped

    async def bounced(self, token: str) -> tuple[Recipient, Channel] | None:
        """Whose mail came back; None for tokens that are none of ours and for who gets nothing any more."""
        recipient = await self._recipients.find(self.links.key_of_bounce(token))
        if recipient is None or recipient.ended_at is not None:
            return None
        own = (await self._channels.get([recipient.channel_id])).get(recipient.channel_id)
        return None if own is None else (recipient, own)

    async def _named(self, channel: Channel, email: str) -> Sequence[tuple[Recipient, Channel]]:
        email = parse_email(email)
        return [(one, own) for one, own in await self.of_channel(channel) if one.email == email]

    async def _refuse_floods(self, channel: Channel, email: str) -> None:
        since = self._clock.now() - _DAY
        if await self._recipients.asked_since(since, email=email) >= QUESTIONS_TO_ADDRESS:
            raise UserError(f"{email} was asked {QUESTIONS_TO_ADDRESS} times today. Try again tomorrow.")
        if await self._recipients.asked_since(since, follows=channel.id) >= QUESTIONS_OF_CHANNEL:
            raise UserError(f"{QUESTIONS_OF_CHANNEL} addresses were added here today, which is the most. Try tomorrow.")
        if await self._recipients.asked_since(since) >= QUESTIONS_OF_ALL:
            raise UserError("So many addresses were added today that I add no more. Try again tomorrow.")


def _schedule(channel: Channel, content: Content, asked: str) -> str:
    if asked:
        return parse_schedule(asked).text
    own = schedule_of(channel.schedule)
    return channel.schedule if content is Content.TOPICS and not own.is_instant else DEFAULT_SCHEDULES[content]


def _settings(channel: Channel, content: Content) -> ChannelSettings:
    """The channel's own, but that nobody is mentioned in a mail, and that a mail for each paper would be a flood."""
    settings = replace(channel.settings, mention="")
    if settings.style is Style.THREADS:
        settings = replace(settings, style=Style.BRIEF)
    return settings if content is Content.TOPICS else replace(settings, order=Order.UPVOTES)
