"""Planning: what files would change, decided and checked before anything is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.channels.channel import LOCAL_WORKSPACE, Address, Channel, ChannelSettings, ChannelState, PlatformName
from bot.channels.names import channel_name_of
from bot.channels.next_digest import next_digest_at
from bot.commands.channels.setting import SETTINGS, Here
from bot.commands.channels.settings import changed_channel
from bot.commands.services import Services
from bot.commands.topics.wording import is_about
from bot.errors import EmbeddingError, MistakesError, UserError
from bot.query.errors import QueryError
from bot.query.models import MeaningModel, Models, WordModel
from bot.query.parser import parse
from bot.query.queries import Query
from bot.query.syntax import Like
from bot.schedules.stored import DEFAULT_SCHEDULE, DEFAULT_TIME_ZONE
from bot.text.suggestions import closest, quoted
from bot.topic_files.document import (
    ChannelEntry,
    Mistakes,
    TopicDocument,
    TopicEntry,
    Written,
    models_written,
    query_place,
)
from bot.topic_files.nodes import MistakeError
from bot.topic_files.pairing import canonical, paired, says_the_same
from bot.topic_files.store import ChannelChange, TopicFileStore
from bot.topic_files.writing import as_topic
from bot.topics.baselines import baseline_of
from bot.topics.matcher import matches
from bot.topics.store import TopicEdit, TopicOptions, options_of
from bot.topics.subscription import Subscription, wanted_query

_ID: Final = re.compile(r"[\w.:-]{1,100}")
LONGEST_NAME: Final = 100  # characters of what a platform calls a channel
MOST_NAMED: Final = 5

#: How each platform writes whom a digest mentions, whether or not it is connected here.
ParseMention = Mapping[PlatformName, Callable[[str], str]]


@dataclass(frozen=True, slots=True)
class Known:
    """The channels that there are, but for people's own ones."""

    by_address: Mapping[Address, Channel]
    by_name: Mapping[str, Sequence[Channel]]
    own: frozenset[Address]

    @classmethod
    def of(cls, channels: Sequence[Channel]) -> Known:
        shared = [channel for channel in channels if not channel.person]
        by_name: dict[str, list[Channel]] = {}
        for channel in shared:
            by_name.setdefault(channel.name.casefold(), []).append(channel)
        own = frozenset(channel.address for channel in channels if channel.person)
        return cls({channel.address: channel for channel in shared}, by_name, own)

    def named(self, written: Written) -> Address:
        """The channel that somebody means by its address or, where only one is called so, by its name.

        An address need not be one of a channel that there is. Raises `MistakeError`.
        """
        text = written.text.strip()
        address = address_written(text, written)
        if address is not None:
            if address in self.own:
                raise MistakeError(
                    "That is somebody's own channel. Topics of people's own are in no file.", written.place
                )
            return address
        name = text.removeprefix("#")
        found = self.by_name.get(name.casefold(), ())
        if len(found) == 1:
            return found[0].address
        if found:
            some = ", ".join(f"`{one.address}`" for one in found[:MOST_NAMED])
            raise MistakeError(f"Several channels are called {quoted(name)}: {some}. Write which one.", written.place)
        near = closest(name.casefold(), list(self.by_name))
        proposal = f"Did you mean `{near}`?" if near else "Write an address, like `web/general` or `slack/T123/C456`."
        raise MistakeError(f"There is no channel {quoted(name)}. {proposal}", written.place)


def address_written(text: str, written: Written) -> Address | None:
    """The address that this is (`slack/T123/C456`, `web/general`), None for a name. Raises `MistakeError`."""
    platform, *parts = text.split("/")
    if not parts:
        return None
    # What comes by mail follows the topics of another channel, and has none.
    known = tuple(name for name in PlatformName if name is not PlatformName.MAIL)
    if platform not in known or len(parts) > 2 or not all(parts):
        raise MistakeError(
            f"{quoted(text)} is no channel. Write `web/general`, or platform/workspace/channel.", written.place
        )
    if platform == PlatformName.WEB:
        if parts[:-1] not in ([], [LOCAL_WORKSPACE]):
            raise MistakeError(f"{quoted(text)} is no channel. Write `web/{parts[-1]}`.", written.place)
        try:
            return Address(PlatformName.WEB, LOCAL_WORKSPACE, channel_name_of(parts[-1]))
        except UserError as error:
            raise MistakeError(str(error), written.place) from error
    if len(parts) != 2 or not all(_ID.fullmatch(part) for part in parts):
        raise MistakeError(f"{quoted(text)} is no channel. Write {platform}/workspace/channel.", written.place)
    return Address(PlatformName(platform), *parts)


class Planning:
    """Decides what files change. Everything that may fail comes here; what is applied later is one transaction."""

    def __init__(self, services: Services, store: TopicFileStore, parse_mention: ParseMention) -> None:
        self._services = services
        self._store = store
        self._parse_mention = parse_mention

    async def changes(self, documents: Sequence[TopicDocument], mistakes: Mistakes) -> list[ChannelChange]:
        """What each channel in the files is to become, in their order; what is wrong goes to the mistakes."""
        known = Known.of(await self.channels())
        entries: list[tuple[str, ChannelEntry, Address]] = []
        named: dict[Address, str] = {}
        for document in documents:
            for entry in document.channels:
                with mistakes.of(document.name, entry.channel.place):
                    address = known.named(entry.channel)
                    place = f"{document.name}:{entry.channel.place.line}"
                    if address in named:
                        raise UserError(f"{address} is named twice: it stands in {named[address]}, too.")
                    named[address] = place
                    entries.append((document.name, entry, address))
        there = [known.by_address[address].id for address in named if address in known.by_address]
        topics = await self._store.topics(there)
        changes = []
        for file, entry, address in entries:
            channel = known.by_address.get(address)
            with mistakes.of(file, entry.channel.place):
                of_channel = tuple(topics.get(channel.id, ())) if channel else ()
                changes.append(await self._change(file, entry, address, channel, of_channel, mistakes))
        return changes

    async def channels(self) -> list[Channel]:
        """All channels, people's own ones, too."""
        found = [one for platform in PlatformName for one in await self._services.channels.on_platform(platform)]
        return [one for one in found if one.follows is None]  # mail follows the topics of others

    async def here(self, address: Address) -> Here:
        """Where settings of that channel are read."""
        return Here(self._parse_mention[address.platform], await self._services.sources.names())

    async def _change(
        self,
        file: str,
        entry: ChannelEntry,
        address: Address,
        channel: Channel | None,
        topics: tuple[Subscription, ...],
        mistakes: Mistakes,
    ) -> ChannelChange:
        now = self._services.clock.now()
        base = channel or Channel(
            id=0,
            address=address,
            name=address.channel
            if address.platform is PlatformName.WEB
            else (" ".join(entry.name.split())[:LONGEST_NAME] or address.channel),
            time_zone=DEFAULT_TIME_ZONE,
            schedule=DEFAULT_SCHEDULE,
            settings=ChannelSettings(),
            state=ChannelState.ACTIVE,
            next_digest_at=next_digest_at(DEFAULT_SCHEDULE, DEFAULT_TIME_ZONE, now),
        )
        after = base
        values = {key: value.text for key, value in entry.values.items() if value.text != _typed(base, key)}
        try:
            after = changed_channel(base, values, await self.here(address), now)
        except MistakesError as error:
            for key, sentence in error.by_option.items():
                with mistakes.of(file, entry.values[key].place):
                    raise UserError(sentence) from error
        except UserError as error:
            place = entry.values[error.about].place if error.about in entry.values else entry.channel.place
            with mistakes.of(file, place):
                raise
        if entry.topics is None:
            return ChannelChange(before=channel, after=after, topics=topics)
        return await self._with_topics(
            file, entry.topics, ChannelChange(before=channel, after=after, topics=topics), mistakes
        )

    async def _with_topics(
        self, file: str, entries: Sequence[TopicEntry], change: ChannelChange, mistakes: Mistakes
    ) -> ChannelChange:
        pairs = paired(entries, change.topics)
        kept = {topic.id for topic in pairs.values()}
        edited: list[TopicEdit] = []
        added: list[TopicOptions] = []
        stands: list[tuple[TopicEntry, Subscription, bool]] = []  # the topics as they are to be, and which are new so
        for place, entry in enumerate(entries):
            with mistakes.of(file, entry.query.place):
                known = pairs.get(place)
                options = await self._options(entry, change.after, known)
                is_new = known is None or (known.query, known.models) != (options.query, options.models)
                stands.append((entry, as_topic(options), is_new))
                if known is None:
                    added.append(await self._begun(options))
                elif options_of(known) != options:
                    edited.append(await self._edit(known, options, change.after))
        _refuse_doubles(file, stands, mistakes)
        removed = tuple(topic.id for topic in change.topics if topic.id not in kept)
        return replace(change, removed=removed, edited=tuple(edited), added=tuple(added))

    async def _options(self, entry: TopicEntry, channel: Channel, known: Subscription | None) -> TopicOptions:
        """What the entry says of a topic; the query keeps its words where it is the one that is there."""
        written = entry.query.text
        unchanged = known is not None and known.query in (written, canonical(written))
        if unchanged and known is not None and (entry.models is None or models_written(entry) == known.models):
            return TopicOptions(
                query=known.query,
                models=known.models,
                name=entry.name,
                min_upvotes=entry.min_upvotes,
                instant=entry.instant,
            )
        try:
            query = parse(written) if unchanged else await self._services.query(written)
            if known is not None and says_the_same(written, known.query):
                query = parse(known.query)  # in other words
            models = await self._models(entry, query, known)
            query = await self._services.examples.decided(query, sources=channel.settings.sources, known=models)
        except QueryError as error:
            raise MistakeError(str(error), query_place(entry.query, error, entry.node)) from error
        return TopicOptions(
            query=query.text,
            models=query.models,
            name=entry.name,
            min_upvotes=entry.min_upvotes,
            instant=entry.instant,
        )

    async def _models(self, entry: TopicEntry, query: Query, known: Subscription | None) -> Models:
        """What terms of the query are decided by already: as the file says, else as the topic that is there does.

        A vector of another embedding model than there is here says nothing here.
        """
        terms = {Query.of(term).text: term for term in query.by_example()}
        chosen = dict(known.models) if known else {}
        for one in entry.models or ():
            of = canonical(one.of.text)
            if of not in terms:
                raise MistakeError(
                    f"{quoted(one.of.text)} is no part of the query. Leave out `models` where it was changed, and they "
                    "are made of the examples again.",
                    one.of.place,
                )
            if isinstance(terms[of], Like) is not isinstance(one.model, WordModel):
                raise MistakeError(f"This is no model for {quoted(of)}. Leave it out, and one is made.", one.of.place)
            if isinstance(one.model, WordModel) or chosen.get(of) == one.model or await self._is_usable(of, one.model):
                chosen[of] = one.model
        return tuple((term, model) for term, model in chosen.items() if term in terms)

    async def _is_usable(self, term: str, model: MeaningModel) -> bool:
        """Whether a vector in a file is one of the embedding model that there is."""
        try:
            vector = await self._services.meaning.vector(term)
        except EmbeddingError:
            return False
        return vector.model == model.model and len(vector.numbers) == len(model.numbers)

    async def _begun(self, options: TopicOptions) -> TopicOptions:
        """The options of a topic that begins now: what it finds already is no news to it."""
        wanted = _wanted(options)
        services = self._services
        baseline = await baseline_of(services.papers, services.vectors, wanted, services.clock.now())
        return replace(options, baseline=baseline)

    async def _edit(self, known: Subscription, options: TopicOptions, channel: Channel) -> TopicEdit:
        asked = (known.query, known.models, known.min_upvotes)
        if (options.query, options.models, options.min_upvotes) == asked:
            return TopicEdit(subscription_id=known.id, options=options)
        services, wanted = self._services, _wanted(options)
        waiting = await services.digests.waiting(channel.id)
        vectors = await services.vectors_of([queued.paper for queued in waiting], wanted)
        return TopicEdit(
            subscription_id=known.id,
            options=await self._begun(options),
            unwanted=tuple(queued.paper.id for queued in waiting if not matches(wanted, queued.paper, vectors)),
        )


def _typed(channel: Channel, key: str) -> str:
    """What a channel has for one of `CHANGEABLE`, as it stands in a file."""
    match key:
        case "schedule":
            return channel.schedule
        case "timezone":
            return channel.time_zone
        case _:
            return SETTINGS[key].typed(channel.settings)


def _wanted(options: TopicOptions) -> Query:
    return wanted_query(parse(options.query).with_models(options.models), options.min_upvotes)


def _refuse_doubles(file: str, stands: Sequence[tuple[TopicEntry, Subscription, bool]], mistakes: Mistakes) -> None:
    """Finds topics that are there twice, in whatever spelling; those that stood side by side before may go on to."""
    for place, (entry, topic, is_new) in enumerate(stands):
        with mistakes.of(file, entry.query.place):
            for other, earlier, was_new in stands[:place]:
                if earlier.query == topic.query:
                    raise UserError(f"This topic is there twice: it stands in line {other.query.place.line}, too.")
                if (is_new or was_new) and is_about(earlier, topic.asked, topic.wanted):
                    raise UserError(
                        f"This topic finds the same as the one in line {other.query.place.line}, "
                        f"{quoted(earlier.query)}. Leave one of them out."
                    )
