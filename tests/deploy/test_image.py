"""The container's image: built and started with a new volume where that is possible, and its text everywhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
#: The first to answer is used.
ENGINES = ("docker", "podman")
BASE = "python:3.13-slim"


(_command,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
HEALTHCHECK = tuple(json.loads(_command))


def engine() -> str:
    for name in ENGINES:
        if shutil.which(name) and subprocess.run([name, "info"], capture_output=True, check=False).returncode == 0:
            return name
    return ""


def run(*arguments: str, timeout: float = 900) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=timeout, check=False, cwd=ROOT)
    assert done.returncode == 0, (arguments, done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


@pytest.fixture(scope="module")
def image() -> Iterator[tuple[str, str]]:
    """The engine and the image's name."""
    name = engine()
    if not name:
        pytest.skip("neither docker nor podman can run containers here")
    if subprocess.run([name, "image", "inspect", BASE], capture_output=True, check=False).returncode:
        pulled = subprocess.run([name, "pull", BASE], capture_output=True, text=True, timeout=300, check=False)
        if pulled.returncode:
            pytest.skip(f"the base image cannot be had: {pulled.stderr.strip().splitlines()[-1:]}")
    tried = subprocess.run([name, "run", "--rm", BASE, "true"], capture_output=True, text=True, timeout=60, check=False)
    if tried.returncode:
        pytest.skip(f"{name} cannot run containers here: {tried.stderr.strip().splitlines()[-1:]}")
    tag = f"paperround-test-{uuid.uuid4().hex[:8]}"
    form = ("--format", "docker") if name == "podman" else ()
    run(name, "build", *form, "-f", "deploy/Dockerfile", "-t", tag, ".")
    yield name, tag
    run(name, "rmi", "-f", tag)


def test_the_folder_of_the_data_belongs_to_who_runs_the_bot_before_it_is_a_volume() -> None:
    user = re.search(r"useradd .*--uid (\d+) .* (\w+)", DOCKERFILE)
    assert user
    assert user[1] == "10001"
    (volume,) = re.findall(r"^VOLUME (\S+)$", DOCKERFILE, re.MULTILINE)
    made = re.search(rf"install -d -o {user[2]} -g {user[2]} -m 700 {re.escape(volume)}$", DOCKERFILE, re.MULTILINE)
    assert made
    assert re.search(rf"PAPERROUND_DATA_DIR={re.escape(volume)}\b", DOCKERFILE)
    # Whoever becomes the user before the folder is made could not make it; a folder made after VOLUME is thrown away.
    assert made.start() < DOCKERFILE.index(f"\nUSER {user[1]}\n") < DOCKERFILE.index("\nVOLUME ")


@pytest.mark.long
def test_a_container_starts_on_a_new_volume_and_keeps_it_after_a_restart(image: tuple[str, str]) -> None:
    name, tag = image
    container = volume = f"paperround-test-{uuid.uuid4().hex[:8]}"
    settings = ("PAPERROUND_HUGGINGFACE_URL=http://127.0.0.1:9", "PAPERROUND_WEB=true", "PAPERROUND_WEB_PORT=8499")
    run(name, "volume", "create", volume)
    try:
        environment = [part for setting in settings for part in ("-e", setting)]
        mount = f"{volume}:/var/lib/paperround/data"
        run(name, "run", "-d", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--name", container,
            "-v", mount, *environment, tag)  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            asked = subprocess.run([name, "exec", container, *HEALTHCHECK], capture_output=True, check=False)
            if asked.returncode == 0:
                break
            assert time.monotonic() < deadline, run(name, "logs", container)
            time.sleep(1)
        parts = json.loads(run(name, "exec", container, "cat", "/opt/paperround/sbom.cdx.json"))["components"]
        assert {"paperround", "starlette", "sqlalchemy"} <= {part["name"].lower() for part in parts}
        owner = run(name, "exec", container, "stat", "-c", "%u %a", "/var/lib/paperround/data/paperround.db")
        assert owner.split() == ["10001", "600"]
    finally:
        subprocess.run([name, "rm", "-f", container], capture_output=True, check=False)
        subprocess.run([name, "volume", "rm", "-f", volume], capture_output=True, check=False)
