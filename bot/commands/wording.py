"""How answers are worded: times, choices, and the small messages that many commands give."""

from __future__ import annotations

from datetime import date, datetime

from bot.channels.channel import Channel, ChannelState
from bot.commits import Commit
from bot.digests.digest import Digest
from bot.errors import MistakesError, SearchIndexError, StorageError, UserError
from bot.messages.message import Block, Buttons, Code, Items, Message, Note, PaperBlock, Paragraph, Span, code, text
from bot.messages.plain import plain_text
from bot.platforms.command_calls import Reply
from bot.query.errors import QueryError
from bot.schedules.stored import misread, schedule_of, zone_of
from bot.text.counting import count_of

#: What somebody reads of whom the platform could not tell us just now whether they may do something.
UNSEEN = "I cannot see who you are at the moment, so nothing was changed. Please try again in a minute."
ONLY_LOOKS = "Who has not logged in only looks at this channel, and changes nothing here."


def answer(*blocks: Block, replaces: bool = False) -> Reply:
    """An answer for the asker alone. Its first line of text is what a notification says."""
    first = next((block for block in blocks if not isinstance(block, Buttons)), None)
    if isinstance(first, PaperBlock):
        summary = first.title
    else:
        summary = plain_text(Message(summary="", blocks=(first,))).splitlines()[0] if first else "Paper Round"
    return Reply(message=Message(summary=summary, blocks=blocks), replaces=replaces)


def say(*parts: str | Span) -> Paragraph:
    return Paragraph(text(*parts))


def hint(*parts: str | Span) -> Note:
    return Note(text(*parts))


def mistake(error: UserError) -> Reply:
    """What a person reads who wrote something that cannot be done."""
    if isinstance(error, MistakesError):
        lines = tuple(tuple(_with_code(words)) for words in error.by_option.values())
        shown = Paragraph(lines[0]) if len(lines) == 1 else Items(lines)
        message = Message(summary=str(error), blocks=(shown,))
        return Reply(message=message, failed=True, about=error.about, mistakes=error.by_option)
    blocks: list[Block] = [say(*_with_code(str(error)))]
    if isinstance(error, QueryError):
        blocks.append(Code(error.pointed))
    wrong = {error.about: str(error)} if error.about else {}
    return Reply(
        message=Message(summary=str(error), blocks=tuple(blocks)), failed=True, about=error.about, mistakes=wrong
    )


def trouble(error: StorageError, committed: Commit) -> Reply:
    """What a person reads when the bot itself is in trouble: what it is, and whether anything was changed."""
    what = "read my search index" if isinstance(error, SearchIndexError) else "reach my database"
    match committed:
        case Commit.NOTHING:
            words = f"I cannot {what} just now, so nothing was changed. Try again in a minute."
        case Commit.IN_DOUBT:
            words = (
                "I lost my database while I saved that, and cannot tell whether it was saved. Look at `/papers topics` "
                "and `/papers settings` before you say it again."
            )
        case Commit.DONE:
            words = (
                f"That is saved and need not be said again. I cannot tell you more, because I cannot {what} just now; "
                "`/papers topics` and `/papers settings` show how things are."
            )
    return Reply(
        message=Message(summary=words.replace("`", ""), blocks=(sentence(words),)), failed=committed is Commit.NOTHING
    )


def _with_code(sentence: str) -> list[Span]:
    """The sentence with what stands between backticks as code."""
    parts = sentence.split("`")
    if len(parts) % 2 == 0:
        return [Span(sentence)]
    return [Span(part, code=number % 2 == 1) for number, part in enumerate(parts) if part]


def moment(when: datetime, time_zone: str, now: datetime) -> str:
    """A time as people in that zone say it: `today at 09:00`, `Monday at 09:00`, `3 December at 09:00`."""
    zone = zone_of(time_zone)
    local, today = when.astimezone(zone), now.astimezone(zone).date()
    return f"{day_name(local.date(), today)} at {local:%H:%M} ({zone.key})"


def moment_span(when: datetime, time_zone: str, now: datetime) -> Span:
    """The same for a message: each reader sees it in their own zone where the platform can do that."""
    return Span(moment(when, time_zone, now), at=when)


def day_name(day: date, today: date) -> str:
    """`today`, `tomorrow`, `Friday` within the coming week, else the date."""
    distance = (day - today).days
    if distance in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[distance + 1]
    if 1 < distance < 7:
        return f"{day:%A}"
    return f"{day.day} {day:%B}" if day.year == today.year else f"{day.day} {day:%B %Y}"


def schedule_in_words(channel: Channel) -> str:
    """`every weekday at 09:00 (Europe/Berlin)`."""
    schedule = schedule_of(channel.schedule)
    return schedule.described if schedule.is_instant else f"{schedule.described} ({zone_of(channel.time_zone).key})"


def to_be_set_anew(channel: Channel) -> list[Block]:
    """What of a channel's times cannot be read; nothing where all can."""
    misreading = misread(channel.schedule, channel.time_zone)
    return [say(f"Set this anew: {misreading}.")] if misreading else []


def next_digest(channel: Channel, now: datetime, resume: str = "/papers resume") -> tuple[Span, ...]:
    """When the channel gets its next digest, and if it gets none, why, and how to `resume`."""
    if channel.state is ChannelState.BROKEN:
        return text(f"Posting is stopped. {channel.reason} Say ", code(resume), " once it is fixed.")
    if channel.state is ChannelState.PAUSED:
        until = (" until ", moment_span(channel.paused_until, channel.time_zone, now)) if channel.paused_until else ()
        return text("Posting is paused", *until, ". ", code(resume), " ends the pause.")
    if channel.next_digest_at is None:
        return text("New papers are posted as soon as they are found.")
    return text("The next digest is ", moment_span(channel.next_digest_at, channel.time_zone, now), ".")


def next_digest_in_words(channel: Channel, now: datetime) -> str:
    """The same as a sentence that marks commands with backticks."""
    return "".join(f"`{span.text}`" if span.code else span.text for span in next_digest(channel, now))


def posted_when(channel: Channel) -> str:
    """When something is posted that is planned at this moment."""
    return "now" if channel.state is ChannelState.ACTIVE else "once posting goes on here"


def behind_button(digest: Digest) -> str:
    """What to add where the papers of a digest are counted: how many it does not show, and where those are."""
    hidden = digest.total - digest.shown
    return f"; {count_of(hidden, 'paper')} more behind the button “+{hidden} more”" if hidden else ""


def sentence(words: str) -> Paragraph:
    """A paragraph of a sentence that marks commands with backticks."""
    return Paragraph(tuple(_with_code(words)))
