"""All targets by their names."""

from __future__ import annotations

from tests.fuzz import (
    backups,
    discord,
    feeds,
    forms,
    mails,
    messages,
    pages,
    payloads,
    slack,
    sockets,
    topic_files,
    words,
)
from tests.fuzz.target import RunningTarget, Target

TARGETS: dict[str, Target | RunningTarget] = {
    target.name: target
    for target in (
        *words.TARGETS, *feeds.TARGETS, *messages.TARGETS, *payloads.TARGETS, *forms.TARGETS, *mails.TARGETS,
        *pages.TARGETS, *slack.TARGETS, *sockets.TARGETS, *discord.TARGETS, *backups.TARGETS, *topic_files.TARGETS,
    )
}  # fmt: skip
