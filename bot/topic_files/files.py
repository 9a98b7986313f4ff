"""Files of topics: what of the channels stands in one, what applying some would change, and doing that."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.channels.channel import Address, Channel
from bot.commands.channels.announcing import tell_change
from bot.commands.services import Services
from bot.errors import PaperRoundError, UserError
from bot.people.audit import Outcome
from bot.people.record import TERMINAL
from bot.text.counting import count_of
from bot.topic_files.document import Mistakes, Written, read_document
from bot.topic_files.nodes import BEGINNING, MistakeError, TopicFileError
from bot.topic_files.planning import Known, ParseMention, Planning
from bot.topic_files.store import ChannelChange, TopicFileStore
from bot.topic_files.updating import updated
from bot.topic_files.writing import Contents, contents_of, written
from bot.topics.store import options_of

APPLIED: Final = "topics apply"


@dataclass(frozen=True, slots=True)
class Plan:
    """What files would change. `diff` are the lines of a unified diff of all channels in them, none where nothing
    would be changed."""

    changes: tuple[ChannelChange, ...]
    diff: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """What it is, in a sentence without its end."""
        changes = self.changes
        parts = [
            (sum(1 for one in changes if one.before is None), "channel", "added"),
            (sum(1 for one in changes if one.before is not None and one.sets_channel), "channel", "set"),
            (sum(len(one.added) for one in changes), "topic", "added"),
            (sum(len(one.edited) for one in changes), "topic", "changed"),
            (sum(len(one.removed) for one in changes), "topic", "removed"),
        ]
        return ", ".join(f"{count_of(number, what)} {done}" for number, what, done in parts if number)


class TopicFiles:
    """Writes, compares and applies files of topics. Topics of people's own are in none of them."""

    def __init__(self, services: Services, store: TopicFileStore, parse_mention: ParseMention) -> None:
        self._services = services
        self._store = store
        self._planning = Planning(services, store, parse_mention)

    async def plan(self, files: Sequence[tuple[str, str]]) -> Plan:
        """What these files (names and texts) would change. Raises `TopicFileError` with all that is wrong in them."""
        mistakes = Mistakes()
        documents = [read_document(name, text, mistakes) for name, text in files]
        changes = await self._planning.changes(documents, mistakes)
        if mistakes.found:
            raise TopicFileError(mistakes.found)
        for document in documents:
            if document.tree is None or document.tree.get("channels") is None:
                nothing = MistakeError("There are no `channels:` in this file.", BEGINNING)
                raise TopicFileError([(document.name, nothing)])
        return Plan(tuple(one for one in changes if one.is_change), tuple(_diff(changes)))

    async def apply(self, plan: Plan) -> None:
        """Changes all that was planned, or nothing. Raises `UserError` where something was changed meanwhile."""
        if not plan.changes:
            return
        services = self._services
        lines = []
        for change in plan.changes:
            after, said = change.after, f"{APPLIED}: {Plan((change,), ()).in_words}"
            lines.append(await services.record.begin(TERMINAL, said, after.address, after.name, typed=False))
        try:
            await self._store.apply(plan.changes, created_by=TERMINAL.person, now=services.clock.now())
        except PaperRoundError as error:
            for line in lines:
                await services.record.settle(line, None if isinstance(error, UserError) else Outcome.IN_DOUBT)
            raise
        for line in lines:
            await services.record.settle(line, Outcome.DONE)
        for change in plan.changes:
            words = f"{Plan((change,), ()).in_words} from a file."
            await tell_change(services, change.after.address, TERMINAL.name, words)
        services.wake()

    async def export(self, named: Sequence[str] = ()) -> str:
        """A file of these channels, or of all that are not archived. Raises `UserError` for one that there is not."""
        return written(await self._contents(named))

    async def update(self, name: str, text: str, named: Sequence[str] = ()) -> str:
        """The file with what these channels, or all, have now; whatever else stands there stays, comments above all.

        Entries of channels that there are no more, or that are archived, go where all are asked for. Raises
        `TopicFileError` for a file that cannot be read.
        """
        mistakes = Mistakes()
        document = read_document(name, text, mistakes)
        known = Known.of(await self._planning.channels())
        entries: list[tuple[Address, int]] = []
        for place, entry in enumerate(document.channels):
            with mistakes.of(name, entry.channel.place):
                entries.append((known.named(entry.channel), place))
        if mistakes.found:
            raise TopicFileError(mistakes.found)
        contents = {one.address: one for one in await self._contents(named)}
        here = {address: await self._planning.here(address) for address in contents}
        return updated(document, dict(entries), contents, here, drops_others=not named)

    async def channel(self, text: str) -> Channel:
        """The channel of that address, or the only one of that name; raises `UserError`. People's own are none."""
        return _there(Known.of(await self._planning.channels()), text)

    async def _contents(self, named: Sequence[str]) -> list[Contents]:
        channels = await self._planning.channels()
        known = Known.of(channels)
        chosen = [_there(known, text) for text in named]
        if not named:
            chosen = [one for one in channels if not one.person and one.archived_at is None]
        topics = await self._store.topics([channel.id for channel in chosen])
        return [contents_of(one, [options_of(topic) for topic in topics.get(one.id, ())]) for one in chosen]


def _there(known: Known, text: str) -> Channel:
    address = known.named(Written(text, BEGINNING))
    if address not in known.by_address:
        raise UserError(f"There is no channel {address}.")
    return known.by_address[address]


def outcome_of(change: ChannelChange) -> Contents:
    """What the channel has once that is done."""
    edited = {edit.subscription_id: edit.options for edit in change.edited}
    kept = [edited.get(one.id) or options_of(one) for one in change.topics if one.id not in change.removed]
    return contents_of(change.after, [*kept, *change.added])


def unified(before: str, after: str, names: tuple[str, str]) -> list[str]:
    """The lines of a unified diff; none where there is no difference."""
    return list(difflib.unified_diff(before.split("\n"), after.split("\n"), *names, lineterm=""))


def _diff(changes: Sequence[ChannelChange]) -> list[str]:
    before = [
        contents_of(one.before, [options_of(topic) for topic in one.topics])
        for one in changes
        if one.before is not None
    ]
    after = [outcome_of(one) for one in changes]
    return unified(written(before), written(after), ("now", "files"))
