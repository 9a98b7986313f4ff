"""The files for Docker Compose."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, documents

FILES = ("compose.yaml", "compose.postgres.yaml")
(VOLUME,) = re.findall(r"^VOLUME (\S+)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", FILES)
def test_every_service_is_bounded_and_comes_back(name: str) -> None:
    (compose,) = documents(name)
    for service in compose["services"].values():
        assert service["mem_limit"] == "1g"
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
        assert service["restart"] == "unless-stopped"
        for published in service.get("ports", ()):
            assert published.startswith("127.0.0.1:")
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in compose["volumes"]


@pytest.mark.parametrize("name", FILES)
def test_the_bot_may_write_its_folder_alone(name: str) -> None:
    (compose,) = documents(name)
    bots = {name: one for name, one in compose["services"].items() if name != "postgres"}
    for service in bots.values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
    mounted = [volume.split(":")[1] for one in bots.values() for volume in one.get("volumes", ())]
    assert mounted == [VOLUME]


def test_one_gateway_and_two_workers_share_a_postgres_that_is_ready() -> None:
    (compose,) = documents("compose.postgres.yaml")
    gateway, worker = compose["services"]["gateway"], compose["services"]["worker"]
    assert (gateway["command"][-1], worker["command"][-1]) == ("gateway", "worker")
    assert (gateway.get("scale", 1), worker["scale"]) == (1, 2)
    for service in (gateway, worker):
        assert service["depends_on"]["postgres"] == {"condition": "service_healthy"}
    # Workers have volumes of their own: two processes on one index would be in each other's way.
    assert "volumes" not in worker


@pytest.mark.parametrize("name", FILES)
def test_compose_itself_takes_the_file(name: str, tmp_path: Path) -> None:
    for command in (("docker", "compose"), ("docker-compose",), ("podman-compose",)):
        if (
            shutil.which(command[0])
            and not subprocess.run([*command, "version"], capture_output=True, check=False).returncode
        ):
            break
    else:
        pytest.skip("no Compose is installed")
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=secret1\n")
    (tmp_path / name).write_text((DEPLOY / name).read_text())
    done = subprocess.run([*command, "-f", name, "config"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
