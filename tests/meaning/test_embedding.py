"""Papers get their vectors in the background, once each, whatever becomes of the process or of the model."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.embedding.files import VOCABULARY, find_files
from adapters.embedding.onnx import NO_TELEMETRY, OnnxModel
from bot.errors import EmbeddingError, NoModelError, StorageError
from bot.meaning.embedding import AT_ONCE, Embedding
from bot.meaning.meaning import RETRY_AFTER, Meaning
from bot.meaning.model import AbsentModel, embedded_text
from bot.meaning.store import Coverage
from bot.meaning.vectors import Vector, vector_of
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.core import Core
from tests.forked import Forked
from tests.meaning import embedder
from tests.sources import a_paper
from tests.storage.scenes import paper

ROOT = Path(__file__).parents[2]
LONG = "Papers about planning and acting in the world. "


class Letters:
    """A model that is quick, and can be made to fail: texts that begin alike mean the same."""

    def __init__(self, name: str = "a" * 64) -> None:
        self.name = name
        self.read: list[str] = []
        self.fails: Callable[[str], bool] = lambda text: False

    def embed(self, text: str) -> Vector:
        if self.fails(text):
            raise EmbeddingError("it does not work")
        self.read.append(text)
        return vector_of(self.name, [float(ord(letter)) for letter in f"{text:>8}"[:8]])

    def release(self) -> None:
        self.read.append("released")


def embedding_of(store: SqlStore, model: Letters, clock: SettableClock | None = None) -> Embedding:
    return Embedding(Meaning(model, store.vectors, clock or SettableClock()), store.papers, store.vectors)


async def all_of_it(embedding: Embedding) -> int:
    done = 0
    while step := await embedding.step():
        done += step
    embedding.close()
    return done


async def test_a_killed_process_loses_a_second_of_work_and_nothing_is_done_twice(
    sqlite_url: str, model: OnnxModel
) -> None:
    store = SqlStore(sqlite_url)
    papers = [paper(number, abstract=LONG * 3 + str(number)) for number in range(1, 2 * AT_ONCE + 3)]
    await store.papers.import_papers(papers)

    first = Forked(embedder.main, sqlite_url)
    while not (kept := await store.vectors.changed_vectors(model.name, 0, 100)):
        assert first.exit_code is None
        await asyncio.sleep(0.05)
    first.kill()
    assert first.exit_code == -signal.SIGKILL
    assert len(kept) < len(papers)
    assert kept[0].paper_id == papers[-AT_ONCE].id  # the newest first
    assert await asyncio.to_thread(Forked(embedder.main, sqlite_url).wait, 300) == 0
    after = await store.vectors.changed_vectors(model.name, 0, 100)
    assert after[: len(kept)] == list(kept)
    assert sorted(change.paper_id for change in after) == [one.id for one in papers]
    assert after[-1].vector == model.embed(embedded_text(papers[int(after[-1].paper_id[-5:]) - 1]))
    await store.close()


async def test_only_the_process_that_leads_embeds(sqlite_url: str, tmp_path: Path) -> None:
    store, other = SqlStore(sqlite_url), SqlStore(sqlite_url)
    models = Letters(), Letters()
    cores = [Core(one, tmp_path / "index", model=model) for one, model in zip((store, other), models, strict=True)]
    await store.papers.import_papers([a_paper(number) for number in range(1, 40)])
    for core in cores:
        await core.engine.leadership.renew()
    await asyncio.gather(*(core.engine.embed() for core in cores))
    assert [len(model.read) for model in models] == [39, 0]
    for core in cores:
        core.engine.close()
        await core.index.close()
        await core.store.close()


async def test_a_model_that_is_exchanged_embeds_anew_beside_the_old_one_and_then_takes_its_place(
    store: SqlStore,
) -> None:
    old, new = Letters("a" * 64), Letters("b" * 64)
    await store.papers.import_papers([paper(number) for number in range(1, 21)])
    await store.vectors.make_current(old.name)
    assert await all_of_it(embedding_of(store, old)) == 20
    embedding = embedding_of(store, new)
    assert await embedding.step() == AT_ONCE
    assert await store.vectors.coverage(old.name) == Coverage(20, 20)
    assert await store.vectors.coverage(new.name) == Coverage(20, AT_ONCE)
    await all_of_it(embedding)
    # As long as topics go by the old one, both are there.
    assert await store.vectors.coverage(old.name) == Coverage(20, 20)
    await store.vectors.make_current(new.name)
    await all_of_it(embedding_of(store, new))
    assert await store.vectors.coverage(old.name) == Coverage(20, 0)
    assert await store.vectors.coverage(new.name) == Coverage(20, 20)


@pytest.mark.parametrize("passed", [RETRY_AFTER, timedelta(days=-366)], ids=["ten minutes", "set back by a year"])
async def test_a_paper_that_the_model_fails_on_keeps_no_other_from_its_vector(
    sqlite_url: str, passed: timedelta
) -> None:
    store, model, clock = SqlStore(sqlite_url), Letters(), SettableClock()
    model.fails = lambda text: text.startswith("Paper 3")
    await store.papers.import_papers([paper(number) for number in range(1, 6)])
    embedding = embedding_of(store, model, clock)
    assert await embedding.step() == 3  # 5, 4, and the one that failed
    assert await embedding.step() == 0
    clock.advance(seconds=passed.total_seconds())
    assert await all_of_it(embedding) == 2
    assert await store.vectors.coverage(model.name) == Coverage(5, 4)
    await store.close()


async def test_what_the_database_did_not_take_is_embedded_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, model = SqlStore(sqlite_url), Letters()
    await store.papers.import_papers([paper(number) for number in range(1, 4)])
    embedding = embedding_of(store, model)
    with monkeypatch.context() as patched:

        async def full(_embedded: object) -> int:
            raise StorageError("the disk is full")

        patched.setattr(store.vectors, "add", full)
        with pytest.raises(StorageError):
            await embedding.step()
    assert await all_of_it(embedding) == 3
    assert await store.vectors.coverage(model.name) == Coverage(3, 3)
    await store.close()


async def test_without_a_model_nothing_waits_and_everybody_is_told(sqlite_url: str, tmp_path: Path) -> None:
    store = SqlStore(sqlite_url)
    absent = AbsentModel(NoModelError("onnxruntime is not installed."))
    core = Core(store, tmp_path / "index", model=absent)
    await core.news(
        a_paper(1), a_paper(3), a_paper(2, title="Something else", abstract="On words that nobody else has.")
    )
    assert "words alone" in await core.say("search diffusion nobody")
    assert "Diffusion Study 1" in await core.say("search diffusion nobody")
    assert "Similar to" in await core.say("similar 2605.00001")
    assert "not by their meaning: onnxruntime is not installed." in await core.say("status")
    await core.index.close()
    await store.close()


async def test_a_model_that_is_missing_takes_no_more_memory_each_time_that_it_is_asked(sqlite_url: str) -> None:
    store, clock = SqlStore(sqlite_url), SettableClock()
    meaning = Meaning(AbsentModel(NoModelError("onnxruntime is not installed.")), store.vectors, clock)
    frames = []
    for _ in range(10):
        with pytest.raises(NoModelError) as refused:
            await meaning.view()
        frames.append(len(list(traceback.walk_tb(refused.value.__traceback__))))
        clock.advance(minutes=4)  # now and then it is tried again
    assert max(frames[4:]) <= max(frames[:4])
    await store.close()


def test_a_folder_may_have_another_model(tmp_path: Path, model: OnnxModel) -> None:
    files = find_files("")
    (tmp_path / "onnx").mkdir()
    shutil.copy(files.weights, tmp_path / "onnx" / "model.onnx")
    shutil.copy(VOCABULARY, tmp_path / "vocab.txt")
    same = OnnxModel(find_files(str(tmp_path)))
    assert (same.name, same.embed("planning")) == (model.name, model.embed("planning"))
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    assert OnnxModel(find_files(str(tmp_path))).embed("planning") != model.embed("planning")


def test_the_runtime_keeps_no_number_of_the_machine_and_tells_its_makers_nothing(
    tmp_path: Path, model: OnnxModel
) -> None:
    """What it would tell stands in the home folder first."""
    script = (
        "from adapters.embedding.files import find_files; from adapters.embedding.onnx import OnnxModel\n"
        "print(len(OnnxModel(find_files('')).embed('planning').numbers))"
    )
    told = {name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", NO_TELEMETRY[0])}
    environment = {**told, "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) == len(model.embed("planning").numbers)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("broken", ["cut", "empty", "text"])
def test_weights_that_cannot_be_used_are_named(tmp_path: Path, model: OnnxModel, broken: str) -> None:
    weights = find_files("").weights.read_bytes()
    (tmp_path / "model.onnx").write_bytes({"cut": weights[: len(weights) // 2], "empty": b"", "text": b"hello"}[broken])
    shutil.copy(VOCABULARY, tmp_path / "vocab.txt")
    with pytest.raises(EmbeddingError, match=r"model\.onnx cannot be used"):
        OnnxModel(find_files(str(tmp_path))).embed("planning")


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match=r"there is no model\.onnx"):
        find_files(str(tmp_path))
    (tmp_path / "model.onnx").touch()
    with pytest.raises(EmbeddingError, match=r"no tokenizer\.json or vocab\.txt"):
        find_files(str(tmp_path))
    with pytest.raises(NoModelError, match="turned off"):
        find_files("none")


def test_texts_of_any_length_and_kind_have_a_vector(model: OnnxModel) -> None:
    texts = ["", "x", "\x00\ud7ff", "中文論文", "word " * 100_000, "x" * 1_000_000]
    assert {len(model.embed(text).numbers) for text in texts} == {384}
    assert model.embed("planning") == model.embed("planning")
