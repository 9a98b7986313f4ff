"""Models in the ONNX format, on one core of the processor."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from adapters.embedding.files import ModelFiles, unreadable
from bot.errors import EmbeddingError
from bot.meaning.vectors import Vector, vector_of
from bot.memory import give_back

if TYPE_CHECKING:
    # They take a tenth of a second and 25 MB, and most runs never need them.
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

#: Tokens of a text that are read: as many as all-MiniLM-L6-v2 was trained on. It takes 256, but each costs as much time
#: as the one before, and on Cranfield the mean gain of a question is .437 with 128 and .440 with 256.
MOST_TOKENS: Final = 128
#: So much text is more than enough for as many tokens; what is longer is cut before it is taken apart.
_MOST_CHARACTERS: Final = 40 * MOST_TOKENS
#: The runtime would give the machine a number, and tell its makers how it is used. It looks for this when it is loaded.
NO_TELEMETRY: Final = ("ORT_DISABLE_TELEMETRY", "1")


class OnnxModel:
    """Implements `bot.meaning.model.EmbeddingModel`. Nothing is loaded before the first text, nor after `release`."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        self._one_loads = threading.Lock()
        self._loaded: _Loaded | None = None

    @cached_property
    def name(self) -> str:
        return self._files.name()

    def embed(self, text: str) -> Vector:
        loaded = self._load()
        try:
            vector = vector_of(self.name, loaded.components(text[:_MOST_CHARACTERS]))
        except EmbeddingError:
            raise
        except Exception as error:  # the runtime raises classes of its own, which only it knows
            raise EmbeddingError(f"{self._files.weights} cannot be used: {_first_line(error)}") from error
        return vector

    @property
    def is_loaded(self) -> bool:
        return self._loaded is not None

    def release(self) -> None:
        with self._one_loads:
            self._loaded = None
        gc.collect()
        give_back()

    def _load(self) -> _Loaded:
        with self._one_loads:
            if self._loaded is None:
                self._loaded = _Loaded(self._files)
                give_back()
            return self._loaded


class _Loaded:
    """A session of the runtime, and what takes text apart for it."""

    def __init__(self, files: ModelFiles) -> None:
        self._tokenizer = _tokenizer(files)
        self._session = _session(files)
        self._inputs = {found.name for found in self._session.get_inputs()}
        self._of_first = files.of_first

    def components(self, text: str) -> Any:
        import numpy as np  # of the runtime; not for a model that nobody asks

        found = self._tokenizer.encode(text)
        tokens = np.array([found.ids], dtype=np.int64)
        given = {
            "input_ids": tokens,
            "attention_mask": np.ones_like(tokens),
            "token_type_ids": np.array([found.type_ids], dtype=np.int64),
        }
        answer: Any = self._session.run(None, {name: given[name] for name in self._inputs & given.keys()})[0]
        if answer.ndim == 2:  # of the whole text already
            return answer[0]
        return answer[0, 0] if self._of_first else answer[0].mean(axis=0)


def _tokenizer(files: ModelFiles) -> Tokenizer:
    from tokenizers import Tokenizer
    from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer

    def read() -> Any:
        if files.words.suffix == ".json":
            return Tokenizer.from_file(str(files.words))
        return BertWordPieceTokenizer(str(files.words), lowercase=True)

    tokenizer: Any = _opened(read, files.words)
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    return tokenizer  # type: ignore[no-any-return]


def _session(files: ModelFiles) -> InferenceSession:
    os.environ.setdefault(*NO_TELEMETRY)
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # in the thread that asks, and in no other
    # Measured on one core, the further ones make this kind of model a tenth slower.
    options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 4  # what is fatal; everything else is raised
    return _opened(
        lambda: InferenceSession(str(files.weights), options, providers=["CPUExecutionProvider"]), files.weights
    )


def _opened(read: Callable[[], Any], file: Any) -> Any:
    """What a library makes of a file; raises `EmbeddingError` for whatever that raises."""
    try:
        file.open("rb").close()
    except OSError as error:
        raise unreadable(file, error) from error
    try:
        return read()
    except Exception as error:  # classes of their own, or just `Exception`
        raise EmbeddingError(f"{file} cannot be used: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return f"{str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__}"
