"""What CONTRIBUTING says on adding something is true: the files are there, and doing it works."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.slack.interactions.settings_modal import settings_view
from bot.channels.channel import ChannelSettings
from bot.commands import runner
from bot.commands.channels import setting
from bot.commands.registry import Registry
from storage.store import SqlStore
from tests.contracts.examples import counting
from tests.core import Core
from tests.sources import a_paper

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
_PARAGRAPH = r"^## To add a (command|platform|source|setting)\n(.*?)(?=^## )"
PARAGRAPHS = dict(re.findall(_PARAGRAPH, CONTRIBUTING, re.DOTALL | re.MULTILINE))


@pytest.fixture
async def core(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Core]:
    store = SqlStore(sqlite_url)
    core = Core(store, tmp_path / "index")
    yield core
    await core.index.close()
    await store.close()


def test_there_is_a_paragraph_of_five_lines_for_each() -> None:
    assert PARAGRAPHS.keys() == {"command", "platform", "source", "setting"}
    for text in PARAGRAPHS.values():
        assert re.findall(r"^\d", text, re.MULTILINE) == list("12345")


@pytest.mark.parametrize("what", PARAGRAPHS)
def test_the_files_that_it_names_exist(what: str) -> None:
    paths: list[str] = re.findall(r"`([a-z_]+/[^`*]*|[A-Za-z]+\.(?:md|toml))`", PARAGRAPHS[what])
    assert len(paths) >= 4
    for path in paths:
        if "NAME" not in path:
            assert (ROOT / path).exists(), path


@pytest.mark.parametrize("example", ["notebook", "almanac", "counting"])
def test_the_examples_are_small(example: str) -> None:
    assert len((ROOT / f"tests/contracts/examples/{example}.py").read_text().splitlines()) <= 69


async def test_a_command_is_in_the_help_and_works(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        runner, "REGISTRY", Registry((*runner.REGISTRY, runner.REGISTRY.get("more"), *counting.COMMANDS))
    )
    await core.news(a_paper(1), a_paper(2))
    assert "2 papers for diffusion" in await core.say("count diffusion")
    assert "how many papers match" in await core.say("help")
    assert "count QUERY" in await core.say("help count")
    assert "needs a query" in await core.refused("count")
    assert "Did you mean" in await core.refused("cuont x")


async def test_a_setting_is_shown_set_and_part_of_forms(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(known: ChannelSettings, value: str, _platform: object) -> ChannelSettings:
        return replace(known, limit=len(value))

    long = setting.Setting(
        key="loudness",
        help="how loud, in exclamation marks",
        values=("!",),
        read=read,
        show=lambda known: "!" * known.limit,
    )
    monkeypatch.setitem(setting.SETTINGS, "loudness", long)
    assert "how loud" in await core.say("settings")
    assert "is now !!!" in await core.say("settings loudness !!!")
    channel = await core.channel()
    assert channel.settings.limit == 3
    fields = {block["block_id"]: block for block in settings_view(channel)["blocks"]}
    assert fields["loudness"]["element"]["initial_value"] == "!!!"
    assert not fields["loudness"]["optional"]
    choice = replace(long, values=("!", "!!!"), is_choice=True, may_be_empty=True, as_typed=lambda _: "!")
    monkeypatch.setitem(setting.SETTINGS, "loudness", choice)
    fields = {block["block_id"]: block for block in settings_view(channel)["blocks"]}
    assert [option["value"] for option in fields["loudness"]["element"]["options"]] == ["!", "!!!"]
    assert fields["loudness"]["element"]["initial_option"]["value"] == "!"
    assert fields["loudness"]["optional"]
