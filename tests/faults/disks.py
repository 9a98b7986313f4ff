"""A small file system for a folder: it can really be full, and read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SIZE: Final = 64_000_000  # bytes
_BALLAST: Final = ".ballast"


class Disk:
    """The disk of a folder; where mounting is not permitted, `is_real` says so, and nothing can be done to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.is_real = _mount("-t", "tmpfs", "-o", f"size={SIZE},mode=700", "paperround", str(folder))

    @contextmanager
    def full(self, left: int) -> Iterator[None]:
        """Leaves so many bytes to everybody."""
        ballast = self.folder / _BALLAST
        space = os.statvfs(self.folder)
        try:
            with ballast.open("wb") as file:
                size = space.f_bavail * space.f_frsize - left
                while size > 0:
                    try:
                        os.posix_fallocate(file.fileno(), 0, size)
                        break
                    except OSError:  # somebody has written meanwhile
                        size -= 100_000
            yield
        finally:
            ballast.unlink(missing_ok=True)

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Nothing can be opened for writing any more; what is open for it stays so."""
        here, aside = str(self.folder), self.folder.with_name(f"{self.folder.name}-read-only")
        aside.mkdir(exist_ok=True)
        # Made read-only elsewhere: nobody can be opening a file there just now.
        assert _mount("--bind", here, str(aside))
        try:
            assert _mount("-o", "remount,bind,ro", str(aside))
            assert _mount("--bind", str(aside), here)
        finally:
            subprocess.run(["umount", "--lazy", str(aside)], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", here], check=True)

    def close(self) -> None:
        """Puts the files into a plain folder of that name."""
        if self.is_real:
            aside = self.folder.with_name(f"{self.folder.name}-kept")
            shutil.copytree(self.folder, aside)
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
            self.folder.rmdir()
            aside.rename(self.folder)
            self.is_real = False


def _mount(*arguments: str) -> bool:
    if shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
