"""Settings: from the environment (`PAPERROUND_…`) and from a `.env` file in the current folder."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import OperatorError
from bot.posting.outbox import UnknownPolicy

PREFIX = "PAPERROUND_"


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


def _web_address(value: str) -> str:
    value = value.strip().rstrip("/")
    if not value.startswith(("http://", "https://")):
        raise ValueError("an address starts with http:// or https://")
    return value


def _names(value: object) -> object:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value


def _web_address_or_none(value: str) -> str:
    return _web_address(value) if value.strip() else ""


OptionalWebAddress = Annotated[str, AfterValidator(_web_address_or_none)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


class Settings(BaseSettings):
    """Every setting with its default. Each field's description is its line in the README."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("paperround-data"), description="folder of the database and the search index")
    database_url: str = Field("", description="another database, such as postgresql://user:password@host/name")
    huggingface_url: WebAddress = Field("https://huggingface.co", description="where Daily Papers are read")
    huggingface_token: SecretStr = Field(SecretStr(""), description="a free token of Hugging Face, for a higher limit")
    arxiv_rss_url: WebAddress = Field("https://rss.arxiv.org", description="where arXiv's announcements are read")
    arxiv_api_url: WebAddress = Field("https://export.arxiv.org", description="where arXiv is searched")
    arxiv_categories: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)] = Field(
        (), description="categories that are read besides those that topics name, such as cs.CL,stat.ML"
    )
    contact: str = Field("", max_length=200, description="address or page of yours that feeds see in the User-Agent")
    poll_minutes: float = Field(5.0, ge=0.05, le=1440, description="minutes between two polls of the feeds")
    unknown_outcome: UnknownPolicy = Field(
        UnknownPolicy.AT_MOST_ONCE,
        description="what to do with a message of which nobody can tell whether it arrived: "
        "at_most_once leaves it, at_least_once sends it again",
    )
    left_days: float = Field(
        30.0, ge=1, le=3650, description="days after which the data of a workspace that removed the bot is deleted"
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
    public_url: OptionalWebAddress = Field(
        "", description="where the bot's port is reached from outside, such as https://papers.example.org"
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="key for the tokens of workspaces that installed the app, newest first if there are several; "
        "without it one is made in the data folder",
    )
    web: bool | None = Field(
        None, description="`true` or `false`: the web workspace; without it, on if no chat platform is configured"
    )
    web_host: str = Field("127.0.0.1", description="where the web workspace listens")
    web_port: int = Field(8421, ge=0, le=65535, description="its port")
    web_password: SecretStr = Field(SecretStr(""), description="password of the web workspace, needed beyond loopback")
    web_allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)] = Field(
        (), description="names under which the web workspace may be called, besides localhost, separated by commas"
    )
    log_level: LogLevel = Field(LogLevel.INFO, description="debug, info, warning or error")
    log_format: LogFormat = Field(LogFormat.AUTO, description="text, json, or auto: text on a terminal")

    @property
    def store_url(self) -> str:
        """The database's address: the one that is set, else SQLite in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'paperround.db'}"

    @property
    def has_chat(self) -> bool:
        """Whether Slack or Discord is configured."""
        tokens = (self.slack_bot_token.get_secret_value(), self.discord_token.get_secret_value())
        return any((*tokens, self.slack_client_id))

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
    """The settings; raises `OperatorError` with the names of those that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'_'.join(map(str, problem['loc'][:1])).upper()}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise OperatorError("Some settings cannot be used. " + "; ".join(lines)) from None
