"""All targets by their names."""

from __future__ import annotations

from tests.fuzz import backups, discord, feeds, messages, pages, slack, sockets, topic_files, words
from tests.fuzz.target import RunningTarget, Target

TARGETS: dict[str, Target | RunningTarget] = {
    target.name: target
    for target in (
        *words.TARGETS, *feeds.TARGETS, *messages.TARGETS, *pages.TARGETS, *slack.TARGETS, *sockets.TARGETS,
        *discord.TARGETS, *backups.TARGETS, *topic_files.TARGETS,
    )
}  # fmt: skip
