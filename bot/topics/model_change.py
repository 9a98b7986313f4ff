"""Another embedding model: topics by meaning move to it, all at once, as soon as its vectors can take the place."""

from __future__ import annotations

from typing import Final

import structlog

from bot.channels.store import ChannelStore
from bot.clocks import Clock
from bot.errors import EmbeddingError, UserError
from bot.meaning.examples import Examples
from bot.meaning.meaning import Meaning
from bot.meaning.store import VectorStore
from bot.query.errors import QueryError
from bot.query.models import MeaningModel, Models, WordModel
from bot.query.queries import Query
from bot.query.syntax import About
from bot.topics.decisions import MATCHED_AGAIN_FOR
from bot.topics.store import SubscriptionStore
from bot.topics.subscription import Subscription

#: What a channel reads, once.
NOTICE: Final = (
    "Papers are compared by another model of meaning from now on. Topics with `about:` bring about as many papers as "
    "before, but some of them are others."
)
#: One in so many papers of the last days may wait for its vector when topics move: a model may refuse some.
_MAY_WAIT: Final = 100

_log = structlog.get_logger()


class ModelChange:
    """Follows which model there is. Only one process at a time should do it: which one is not decided here."""

    def __init__(
        self,
        *,
        meaning: Meaning,
        vectors: VectorStore,
        examples: Examples,
        subscriptions: SubscriptionStore,
        channels: ChannelStore,
        clock: Clock,
    ) -> None:
        self._meaning = meaning
        self._vectors = vectors
        self._examples = examples
        self._subscriptions = subscriptions
        self._channels = channels
        self._clock = clock

    async def follow(self) -> bool:
        """Moves the topics to the model that there is, if they go by another one; whether that was done.

        Not before all papers of the last days have its vectors: their thresholds are set by those. Until then they go
        on with the old vectors, and what has none of these waits. Raises `StorageError`.
        """
        try:
            model = await self._meaning.model()
        except EmbeddingError:
            return False
        topics = await self._subscriptions.by_another_model(model)
        if not topics:
            if await self._vectors.current_model() != model:
                await self._vectors.make_current(model)
            return False
        now = self._clock.now()
        coverage = await self._vectors.coverage(model, now - MATCHED_AGAIN_FOR)
        if coverage.waiting > coverage.papers // _MAY_WAIT:
            return False
        try:
            moved = [(topic, await self._moved(topic)) for topic in topics]
        except UserError as error:  # the model failed meanwhile
            _log.warning("topics.not_moved", reason=str(error))
            return False
        done = await self._subscriptions.move(moved, model, NOTICE, now)
        if done:
            _log.info("topics.moved", topics=len(moved), model=model[:12])
        return done

    async def _moved(self, topic: Subscription) -> Models:
        """The models of the topic, those of meaning by the model that there is."""
        try:
            terms = {Query.of(term).text: term for term in topic.asked.by_example()}
        except QueryError:
            return topic.models  # stored by a version that understood more
        channel = (await self._channels.get([topic.channel_id])).get(topic.channel_id)
        sources = channel.settings.sources if channel else None
        models: list[tuple[str, WordModel | MeaningModel]] = []
        for text, model in topic.models:
            term = terms.get(text)
            models.append((text, await self._examples.meant(term, sources) if isinstance(term, About) else model))
        return tuple(models)
