"""Interactions of the simulated Discord: what a person does, and what they see of the answer."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from dataclasses import dataclass, field
from typing import Any

import discord

from tests.patience import PATIENCE
from tests.simulators.discord_gateway import Gateway
from tests.simulators.discord_schema import TEXT_DISPLAY, walk
from tests.simulators.discord_state import APPLICATION_ID, Channel, DiscordState, Json, edit, user

EPHEMERAL = 64
RADIO_GROUP = 21
ADA = 4242
MANAGER = discord.Permissions(view_channel=True, send_messages=True, manage_channels=True)
OWNER = discord.Permissions(view_channel=True, send_messages=True, manage_channels=True, manage_guild=True)
VISITOR = discord.Permissions(view_channel=True, send_messages=True)


@dataclass(slots=True)
class Interaction:
    """One thing that a person did. `messages` is what they see as an answer, in order."""

    id: int
    type: int
    token: str
    channel_id: int
    deadline: float
    first: Json | None = None
    choices: list[Json] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)
    pressed: Json | None = None
    modal: Json | None = None
    began: float = field(default_factory=time.monotonic)
    #: Seconds until the first answer.
    answered_after: float | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def expired(self) -> bool:
        return time.monotonic() > self.deadline

    @property
    def ephemeral(self) -> bool:
        return all(message["flags"] & EPHEMERAL for message in self.messages)

    @property
    def text(self) -> str:
        """All that the answer says."""
        return "\n".join(text_of(message) for message in self.messages)

    @property
    def buttons(self) -> dict[str, str]:
        """The ids of the buttons by their labels."""
        return {
            button["label"]: button["custom_id"]
            for message in self.messages
            for button in walk(message["components"])
            if button["type"] == 2
        }

    @property
    def menus(self) -> dict[str, Json]:
        """The menus by what they are called."""
        return {
            menu["placeholder"]: menu
            for message in self.messages
            for menu in walk(message["components"])
            if menu["type"] == 3
        }

    @property
    def fields(self) -> dict[str, Json]:
        """The fields of the form that was opened."""
        assert self.modal is not None, self.first
        return {label["component"]["custom_id"]: label["component"] for label in self.modal["components"]}

    def answered(self, body: Json, state: DiscordState) -> Json | None:
        self.first = body
        self.answered_after = time.monotonic() - self.began
        data = body.get("data") or {}
        match body["type"]:
            case 8:
                self.choices = data["choices"]
                self.done.set()
            case 9:
                self.modal = data
                self.done.set()
            case 4:
                self.messages.append(state.message(self.channel_id, data, flags=data.get("flags") or 0))
                self.done.set()
                return self.messages[-1]
        return None

    def followed_up(self, body: Json, state: DiscordState) -> Json:
        assert self.first is not None, "a follow-up before the first answer"
        message = state.message(self.channel_id, body, flags=body.get("flags") or 0)
        self.messages.append(message)
        self.done.set()
        return message

    def edited(self, body: Json, state: DiscordState) -> Json:
        """The deferred answer itself, or the message whose button was pressed."""
        assert self.first is not None
        if self.first["type"] == 6 and self.pressed is not None:
            edit(self.pressed, body)
            message = self.pressed
        else:
            flags = (self.first.get("data") or {}).get("flags") or 0
            message = state.message(self.channel_id, body, flags=flags)
        self.messages.append(message)
        self.done.set()
        return message


def text_of(message: Json) -> str:
    """All that a message says."""
    embeds = [
        str(embed[part]) for embed in message["embeds"] for part in ("title", "url", "description") if part in embed
    ]
    texts = [part["content"] for part in walk(message["components"]) if part["type"] == TEXT_DISPLAY]
    return "\n".join([message["content"], *embeds, *texts])


def buttons_of(message: Json) -> list[Json]:
    """The buttons of a message, wherever they stand."""
    return [component for component in walk(message["components"]) if component["type"] == 2]


def links_of(message: Json) -> list[tuple[str, str]]:
    """The links of a message: what they are called, and where they lead."""
    embeds = [(embed["title"], embed["url"]) for embed in message["embeds"] if "url" in embed]
    return embeds + re.findall(r"\[([^\]]+)\]\((https?://[^)]+)\)", text_of(message))


class Interactions:
    """Does what people do. `answer_within` is how long Discord waits for the first answer (seconds): three in truth,
    and here longer, as how soon one comes on a busy machine is measured in `make bench`.
    """

    def __init__(self, state: DiscordState, gateway: Gateway) -> None:
        self._state = state
        self._gateway = gateway
        self._numbers = itertools.count(1)
        self.answer_within = PATIENCE
        self.roles: list[int] = []
        self.longest = PATIENCE  # seconds for all of an answer
        self.by_token: dict[str, Interaction] = {}
        #: What can be downloaded, by its path, from the address below which all files are.
        self.files: dict[str, File] = {}
        self.files_url = ""

    async def command(
        self,
        channel: Channel,
        name: str,
        /,
        *,
        group: str = "papers",
        permissions: discord.Permissions = MANAGER,
        person: int = ADA,
        focused: str = "",
        **values: Any,
    ) -> Interaction:
        """Gives a command, or with `focused` asks for completions; option names are written with `_` for `-`."""
        options = [
            {"name": (option := key.replace("_", "-")), "type": _kind(value), "value": self._value(value)}
            | ({"focused": True} if option == focused else {})
            for key, value in values.items()
        ]
        data = {
            "id": "1",
            "name": group,
            "type": 1,
            "guild_id": str(channel.guild),
            "options": [{"name": name, "type": 1, "options": options}],
        }
        if any(isinstance(value, File) for value in values.values()):
            data["resolved"] = {"attachments": {key: self._attachment(key, file) for key, file in self.files.items()}}
        return await self._do(4 if focused else 2, channel, data, permissions, person=person)

    async def press(
        self,
        channel: Channel,
        message: Json,
        custom_id: str,
        *,
        permissions: discord.Permissions = MANAGER,
        person: int = ADA,
    ) -> Interaction:
        data = {"custom_id": custom_id, "component_type": 2, "id": 1}
        return await self._do(3, channel, data, permissions, message=message, person=person)

    async def choose(self, channel: Channel, message: Json, menu: Json, value: str) -> Interaction:
        """Chooses an entry of a menu."""
        assert value in [option["value"] for option in menu["options"]]
        data = {"custom_id": menu["custom_id"], "component_type": 3, "id": 1, "values": [value]}
        return await self._do(3, channel, data, MANAGER, message=message)

    async def submit(
        self, channel: Channel, opened: Interaction, *, permissions: discord.Permissions = MANAGER, **values: str
    ) -> Interaction:
        """Submits the form that an interaction opened, with other values than it had; names are written with `_`."""
        assert opened.modal is not None
        changed = {name.replace("_", "-"): value for name, value in values.items()}
        assert set(changed) <= set(opened.fields)
        labels = [
            {"type": 18, "id": number, "component": _submitted(field, changed.get(name), number)}
            for number, (name, field) in enumerate(opened.fields.items())
        ]
        data = {"custom_id": opened.modal["custom_id"], "components": labels, "resolved": {}}
        return await self._do(5, channel, data, permissions, message=opened.pressed)

    async def on_message(self, channel: Channel, message: Json, name: str) -> Interaction:
        """Uses a command of a message's context menu."""
        data = {
            "id": "2",
            "name": name,
            "type": 3,
            "guild_id": str(channel.guild),
            "target_id": message["id"],
            "resolved": {"messages": {message["id"]: message}},
        }
        return await self._do(2, channel, data, VISITOR)

    async def unusual(self, channel: Channel, kind: int, data: Any, /, **changes: Any) -> Interaction:
        """Something that Discord does not send today: `changes` to the packet, without what is None in them."""
        return await self._do(kind, channel, data, MANAGER, changes=changes)

    def _value(self, value: Any) -> Any:
        if not isinstance(value, File):
            return value
        key = str(7_000 + next(self._numbers))
        self.files[key] = value
        return key

    def _attachment(self, key: str, file: File) -> Json:
        url = f"{self.files_url}/{key}"
        size = len(file.content) if file.size is None else file.size
        return {"id": key, "filename": file.name, "size": size, "url": url, "proxy_url": url}

    async def _do(
        self,
        kind: int,
        channel: Channel,
        data: Json,
        permissions: discord.Permissions,
        *,
        message: Json | None = None,
        person: int = ADA,
        changes: Json | None = None,
    ) -> Interaction:
        number = next(self._numbers)
        interaction = Interaction(
            id=discord.utils.time_snowflake(discord.utils.utcnow()) + number,
            type=kind,
            token=f"interaction-{number}",
            channel_id=channel.id,
            deadline=time.monotonic() + self.answer_within,
            pressed=message or (changes or {}).get("message"),
        )
        self.by_token[interaction.token] = interaction
        packet: Json = {
            "id": str(interaction.id),
            "application_id": str(APPLICATION_ID),
            "type": kind,
            "token": interaction.token,
            "version": 1,
            "guild_id": str(channel.guild),
            "guild": {"id": str(channel.guild), "features": [], "locale": "en-US"},
            "channel_id": str(channel.id),
            "channel": channel.json(),
            "member": {
                "user": user(person, "ada" if person == ADA else f"person {person}"),
                "nick": None,
                "roles": [str(role) for role in self.roles],
                "joined_at": "2026-01-01T00:00:00+00:00",
                "offline": False,
                "mute": False,
                "flags": 0,
                "permissions": str(permissions.value),
            },
            "app_permissions": str(self._state.permissions_in(channel).value),
            "locale": "en-US",
            "guild_locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(channel.guild)},
            "context": 0,
            "attachment_size_limit": 10_000_000,
            "data": data,
        }
        if message is not None:
            packet["message"] = message
        packet = {name: value for name, value in (packet | (changes or {})).items() if value is not None}
        await self._gateway.dispatch("INTERACTION_CREATE", packet)
        async with asyncio.timeout(self.longest):
            await interaction.done.wait()
        return interaction


@dataclass(frozen=True, slots=True)
class File:
    """A file that somebody gives with a command. `refused` is the status with which Discord does not hand it over."""

    name: str
    content: bytes
    refused: int | None = None
    size: int | None = None  # bytes, as Discord says it; else what it has


class Role(str):
    """The id of a role, as the value of an option that takes one."""

    __slots__ = ()


def _kind(value: Any) -> int:
    if isinstance(value, Role):
        return 8
    if isinstance(value, File):
        return 11
    return 5 if isinstance(value, bool) else 4 if isinstance(value, int) else 3


def _submitted(field: Json, value: str | None, number: int) -> Json:
    """A field of a form as Discord sends it: what was in it, unless somebody changed that."""
    told: Json = {"type": field["type"], "id": 100 + number, "custom_id": field["custom_id"]}
    if field["type"] == RADIO_GROUP:
        chosen = [option["value"] for option in field["options"] if option.get("default")]
        return told | {"value": value if value is not None else (chosen or [None])[0]}
    if field["type"] == 3:
        chosen = [option["value"] for option in field["options"] if option.get("default")]
        return told | {"values": [value] if value is not None else chosen}
    return told | {"value": field.get("value") or "" if value is None else value}
