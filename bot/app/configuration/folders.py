"""The data folder: made when it is missing, and looked at before anything is written into it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bot.errors import OperatorError


def make_data_folder(folder: Path) -> None:
    """Makes it where it is missing; raises `OperatorError` for one that cannot be made or written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OperatorError(unwritable(folder, error)) from error


def nearest_folder(folder: Path) -> Path:
    """The folder itself, or what there is of the way to it, as far as this user may see."""
    return next(place for place in (folder, *folder.absolute().parents) if _is_seen(place))


def unwritable(folder: Path, error: OSError) -> str:
    """Why nothing can be written there, and what to do."""
    said = error.strerror or str(error)
    if isinstance(error, PermissionError):
        owner = nearest_folder(folder).stat().st_uid
        said += f"; it belongs to user {owner}, and this is user {os.getuid()}"
    what = "written" if _is_seen(folder) and folder.is_dir() else "made"
    return (
        f"The data folder {folder} cannot be {what} ({said}). Give it to this user (chown), make room, or set "
        "PAPERROUND_DATA_DIR to another folder."
    )


def _is_seen(place: Path) -> bool:
    """Whether it is there. `Path.exists` raises where this user may not look."""
    try:
        return place.exists()
    except OSError:
        return False
