"""Settings: from the environment (`PAPERROUND_…`) and from a `.env` file in the current folder."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError
from bot.posting.retries import UnknownPolicy

PREFIX = "PAPERROUND_"
ENV_FILE = ".env"


class LogFormat(StrEnum):
    """`auto` is `text` on a terminal and `json` elsewhere."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class NewPeople(StrEnum):
    """What becomes of people whom only a proxy knows."""

    READER = "reader"
    MANAGER = "manager"
    NONE = "none"


def _web_address(value: str) -> str:
    value = value.strip().rstrip("/")
    if not value.startswith(("http://", "https://")):
        raise ValueError("an address starts with http:// or https://")
    try:
        host, _ = urlsplit(value).hostname, urlsplit(value).port
    except ValueError:  # half of an IPv6 address, or a port that there is not
        host = None
    if not host:
        raise ValueError("an address has a name or a number behind http://, such as https://papers.example.org")
    return value


def _names_or_none(value: object) -> object:
    """Names; `none` says that there are to be none, as an empty setting is one that is not made."""
    return () if isinstance(value, str) and value.strip().lower() == "none" else _names(value)


def _names(value: object) -> object:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value


def _words(value: object) -> object:
    return tuple(re.split(r"[\s,]+(?=\S)", value.strip(" ,"))) if isinstance(value, str) else value


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            ipaddress.ip_network(value)
        except ValueError:
            raise ValueError(f"“{value[:60]}” is no address and no network, such as 10.0.0.0/8") from None
    return values


def _web_address_or_none(value: str) -> str:
    return _web_address(value) if value.strip() else ""


OptionalWebAddress = Annotated[str, AfterValidator(_web_address_or_none)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


class Settings(BaseSettings):
    """Every setting with its default. Each field's description is its line in `deploy/docs/settings.md`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Field(Path("paperround-data"), description="folder of the database and the search index")
    database_url: str = Field("", description="another database, such as postgresql://user:password@host/name")
    huggingface_url: WebAddress = Field("https://huggingface.co", description="where Daily Papers are read")
    huggingface_token: SecretStr = Field(SecretStr(""), description="a free token of Hugging Face, for a higher limit")
    arxiv_rss_url: WebAddress = Field("https://rss.arxiv.org", description="where arXiv's announcements are read")
    arxiv_api_url: WebAddress = Field("https://export.arxiv.org", description="where arXiv is searched")
    arxiv_categories: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names_or_none)] = Field(
        ("cs.AI", "cs.CL", "cs.CV", "cs.IR", "cs.LG", "cs.RO", "stat.ML"),
        description="categories that are read besides those that topics name; `none` for no others",
    )
    embedding_model: str = Field(
        "",
        description="folder of another model of meaning in the ONNX format (`model.onnx`, and `tokenizer.json` or "
        "`vocab.txt`); `none` for search by words alone",
    )
    feeds: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = Field(
        (),
        description="further feeds that are read (RSS, Atom, JSON Feed, or `biorxiv` and `medrxiv`), separated by "
        "spaces; `name=address` gives one a name",
    )
    feeds_inside: bool = Field(
        False, description="`true` lets added feeds be read from your own network and from any port, too"
    )
    biorxiv_url: WebAddress = Field("https://api.biorxiv.org", description="where bioRxiv and medRxiv are asked")
    contact: str = Field("", max_length=200, description="address or page of yours that feeds see in the User-Agent")
    poll_minutes: float = Field(5.0, ge=0.05, le=1440, description="minutes between two polls of the feeds")
    spread_minutes: float = Field(
        5.0,
        ge=0,
        le=60,
        description="minutes after the stated time within which digests come where 500 channels or more share that "
        "time, 0 for all at once",
    )
    unknown_outcome: UnknownPolicy = Field(
        UnknownPolicy.AT_MOST_ONCE,
        description="what to do with a message of which nobody can tell whether it arrived: "
        "at_most_once leaves it, at_least_once sends it again",
    )
    left_days: float = Field(
        30.0, ge=1, le=3650, description="days after which the data of a workspace that removed the bot is deleted"
    )
    audit_days: float = Field(
        365.0,
        ge=1,
        le=3650,
        description="days for which it is kept who changed what; the latest 200,000 changes at most",
    )
    history_days: float = Field(
        365.0,
        ge=60,
        le=36_500,
        description="days for which it is kept what was posted where, and messages of the web workspace; that a paper "
        "was posted in a channel is known for ever",
    )
    paper_days: float = Field(
        730.0,
        ge=60,
        le=36_500,
        description="days for which papers are kept that feeds listed; what somebody saved or voted on stays, and so "
        "does what was posted, as long as that is known",
    )
    slack_bot_token: SecretStr = Field(SecretStr(""), description="Slack: the bot token, `xoxb-…`")
    slack_app_token: SecretStr = Field(SecretStr(""), description="Slack: the app-level token of Socket Mode, `xapp-…`")
    slack_signing_secret: SecretStr = Field(
        SecretStr(""), description="Slack: the signing secret, when Slack calls `/slack/events` instead of Socket Mode"
    )
    slack_client_id: str = Field("", description="Slack: the client ID, when many workspaces may install the app")
    slack_client_secret: SecretStr = Field(SecretStr(""), description="Slack: the client secret that goes with it")
    slack_api_url: WebAddress = Field("https://slack.com/api", description="where Slack's Web API is")
    discord_token: SecretStr = Field(SecretStr(""), description="Discord: the bot's token")
    discord_api_url: WebAddress = Field("https://discord.com/api/v10", description="where Discord's API is")
    discord_link_cards: bool = Field(
        False, description="Discord: `true` shows cards below links to papers; needs the Message Content intent"
    )
    discord_crosspost: bool = Field(
        True, description="Discord: `false` does not publish what is posted in announcement channels to their followers"
    )
    public_url: OptionalWebAddress = Field(
        "", description="where the bot's port is reached from outside, such as https://papers.example.org"
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Mail: the server that takes mails, `smtp://user:password@host:587`, or `smtps://…:465`",
    )
    mail_from: str = Field(
        "", max_length=200, description="Mail: who mails are from, such as `Paper Round <papers@lab.example>`"
    )
    mail_bounces: str = Field(
        "",
        max_length=200,
        description="Mail: address that bounces come to, where `name+anything@…` comes there, too; "
        "without it they come to the sender",
    )
    smtp_rate: float = Field(5.0, ge=0.01, le=1000, description="Mail: how many may leave in a second")
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="key for the tokens of workspaces that installed the app and for links in mails, newest first if "
        "there are several; "
        "without it one is made in the data folder",
    )
    web: bool | None = Field(
        None, description="`true` or `false`: the web workspace; without it, on if no chat platform is configured"
    )
    web_host: str = Field("127.0.0.1", description="where the web workspace listens")
    web_port: int = Field(8421, ge=0, le=65535, description="its port")
    web_password: SecretStr = Field(
        SecretStr(""), description="password of the manager `owner`; beyond loopback it or people who log in are needed"
    )
    web_allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)] = Field(
        (), description="names under which the web workspace may be called, besides localhost, separated by commas"
    )
    web_user_header: str = Field(
        "",
        max_length=100,
        description="header in which a trusted proxy says who somebody is, such as `X-Forwarded-User`",
    )
    web_user_role: NewPeople = Field(
        NewPeople.READER,
        description="what people become whom only the proxy knows: reader, manager, or none for nothing",
    )
    web_trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names), AfterValidator(_networks)] = (
        Field(
            ("127.0.0.1", "::1"),
            description="addresses or networks of proxies whose `X-Forwarded-For` and user header are believed, "
            "separated by commas",
        )
    )
    otlp_endpoint: OptionalWebAddress = Field(
        "",
        description="where traces are sent over OTLP/HTTP, such as http://localhost:4318; needs `paperround[otel]`",
    )
    log_level: LogLevel = Field(LogLevel.INFO, description="debug, info, warning or error")
    log_format: LogFormat = Field(LogFormat.AUTO, description="text, json, or auto: text on a terminal")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that are written nowhere, the longest first. What is very short would be found in any text."""
        values = [value.get_secret_value() for _, value in self if isinstance(value, SecretStr)]
        values += self.secret_key.get_secret_value().split(",")
        with suppress(ValueError):
            values.append(unquote(urlsplit(self.smtp_url.get_secret_value()).password or ""))
            values.append(urlsplit(self.smtp_url.get_secret_value()).password or "")
        with suppress(ValueError):  # no address at all
            values.append(urlsplit(self.database_url).password or "")
        with suppress(ValueError):
            values.append(urlsplit(self.otlp_endpoint).password or "")
        return tuple(sorted({value for value in values if len(value) >= 6}, key=len, reverse=True))

    @property
    def store_url(self) -> str:
        """The database's address: the one that is set, else SQLite in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'paperround.db'}"

    @property
    def local_address(self) -> str:
        """Where whoever runs the bot reaches it: from outside, if that is known, else on this machine."""
        host = f"[{self.web_host}]" if ":" in self.web_host else self.web_host
        return self.public_url or f"http://{host}:{self.web_port}"

    @property
    def own_address(self) -> str:
        """Where everybody reaches it who can give a command; empty where nobody said that."""
        everybody_is_here = not self.has_chat and self.web_port and self.web_host not in ("0.0.0.0", "::")  # noqa: S104
        return self.local_address if self.public_url or everybody_is_here else ""

    @property
    def has_chat(self) -> bool:
        """Whether Slack or Discord is configured."""
        tokens = (self.slack_bot_token.get_secret_value(), self.discord_token.get_secret_value())
        return any((*tokens, self.slack_client_id))

    @property
    def has_one_platform(self) -> bool:
        """Whether there is nothing else to do where one chat platform lets the bot in no more."""
        slack = bool(self.slack_bot_token.get_secret_value() or self.slack_client_id)
        discord, mail = bool(self.discord_token.get_secret_value()), bool(self.smtp_url.get_secret_value())
        return slack + discord == 1 and not (self.has_workspace or mail)

    @property
    def has_workspace(self) -> bool:
        """Whether the web workspace is served."""
        return self.web if self.web is not None else not self.has_chat

    @property
    def index_dir(self) -> Path:
        return self.data_dir / "index"

    @property
    def poll_every(self) -> timedelta:
        return timedelta(minutes=self.poll_minutes)


def load_settings() -> Settings:
    """The settings; raises `SettingsError` with the names of those that cannot be used, and what they may be."""
    settings, problems = read_settings()
    if problems:
        raise SettingsError("Some settings cannot be used. " + "; ".join(problems) + ".")
    return settings


def read_settings() -> tuple[Settings, list[str]]:
    """The settings, with the default in place of each that cannot be used, and what is wrong with those."""
    try:
        if Path(ENV_FILE).exists() and not Path(ENV_FILE).is_file():
            return _without_file(f"{ENV_FILE} is not a file: move it away, or start the bot in another folder")
    except OSError as error:  # as after `sudo -u paperround` in the home of root
        return _without_file(
            f"{ENV_FILE} cannot be looked for in {Path.cwd()} ({error.strerror}): start the bot in a folder that this "
            "user may enter"
        )
    try:
        return Settings(), []
    except ValidationError as error:
        wrong = {str(problem["loc"][0]): problem for problem in error.errors(include_url=False)}
        defaults = {name: Settings.model_fields[name].get_default() for name in wrong}
        return Settings(**defaults), [f"{PREFIX}{name.upper()}: {_sentence(wrong[name])}" for name in wrong]
    except UnicodeDecodeError:
        return _without_file(f"{ENV_FILE} is not UTF-8 text: save it as such")
    except OSError as error:
        return _without_file(f"{ENV_FILE} cannot be read ({error.strerror}): give this user the right to read it")


def _without_file(problem: str) -> tuple[Settings, list[str]]:
    try:
        return Settings(_env_file=None), [problem]
    except ValidationError:
        return Settings.model_construct(), [problem, "and the environment has settings that cannot be used"]


def _sentence(problem: Mapping[str, Any]) -> str:
    """What is wrong, in our words. What was written is shown, but never where it is a secret."""
    name, context, shown = str(problem["loc"][0]), problem.get("ctx", {}), f"“{str(problem['input'])[:60]}”"
    kind = Settings.model_fields[name].annotation
    match problem["type"]:
        case "value_error":
            return str(context.get("error", problem["msg"]))
        case "enum":
            return f"{shown} is none of {context['expected'].replace(chr(39), '')}"
        case "bool_parsing" | "bool_type":
            return f"write true or false, not {shown}"
        case "float_parsing" | "float_type" | "finite_number":
            return f"{shown} is no number"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"{shown} is no whole number"
        case "greater_than_equal":
            return f"{shown} is too small; {context['ge']:g} is the least"
        case "less_than_equal":
            return f"{shown} is too large; {context['le']:g} is the most"
        case "string_too_long":
            return f"longer than {context['max_length']} characters"
    shown_or_not = "" if kind is SecretStr else f" ({shown})"
    return f"this cannot be used{shown_or_not}. deploy/docs/settings.md says what can"
