"""The files for Kubernetes: what its own schemas say, and that they fit the image and the settings."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from bot.app.configuration.settings import PREFIX, Settings
from tests.deploy.files import DEPLOY, documents

FOLDER = DEPLOY / "kubernetes"
(KUSTOMIZATION,) = documents("kubernetes/kustomization.yaml")
RESOURCES = [resource for name in KUSTOMIZATION["resources"] for resource in documents(f"kubernetes/{name}")]
#: The schemas of a version that is supported.
SCHEMAS = "kubex.k8s.v1_36"
BUILDERS = (("kustomize", "build"), ("kubectl", "kustomize"))


def names_of(resource: dict[str, Any]) -> str:
    return f"{resource['kind']} {resource['metadata']['name']}"


def validate(resource: dict[str, Any]) -> None:
    """Strictly: a field that there is not is a mistake, and no type is made another. Raises `ValidationError`."""
    group, _, version = resource["apiVersion"].rpartition("/")
    kind = resource["kind"]
    module = f"{group.partition('.')[0] or 'core'}.{version}.{re.sub('(?<!^)(?=[A-Z])', '_', kind).lower()}"
    schema: type[BaseModel] = getattr(import_module(f"{SCHEMAS}.{module}"), kind)
    schema.model_validate_json(json.dumps(resource), strict=True, extra="forbid", by_alias=True, by_name=False)


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """What runs, by its role."""
    for resource in RESOURCES:
        if resource["kind"] == "Deployment":
            spec = resource["spec"]["template"]["spec"]
            (container,) = spec["containers"]
            yield container["name"], spec


@pytest.mark.parametrize("resource", RESOURCES, ids=names_of)
def test_kubernetes_knows_every_field(resource: dict[str, Any]) -> None:
    validate(resource)


def test_mistakes_in_fields_are_seen() -> None:
    for mistake in ({"run_as_user": 1}, {"runAsUsr": 1}, {"runAsUser": "1"}):
        resource = {
            "apiVersion": "v1",
            "kind": "Pod",
            "spec": {"containers": [{"name": "a", "securityContext": mistake}]},
        }
        with pytest.raises(ValidationError):
            validate(resource)


def test_every_file_is_part_of_it() -> None:
    known = {*KUSTOMIZATION["resources"], "kustomization.yaml", "settings.env", "secret.env", "secret.env.example"}
    assert {path.name for path in FOLDER.iterdir()} <= known


def test_the_settings_can_be_used_and_no_secret_is_among_them() -> None:
    lines = (FOLDER / "settings.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    settings = Settings.model_validate({name.removeprefix(PREFIX).lower(): value for name, value in given.items()})
    assert settings.web_host == "0.0.0.0"
    secret = {
        f"{PREFIX}{name.upper()}" for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)
    }
    assert not secret & set(given)
    for role, pod in pods():
        assert pod["containers"][0]["ports"] == [{"name": "http", "containerPort": settings.web_port}], role


def test_pods_may_write_their_folder_alone_and_are_asked_how_they_are() -> None:
    (user,) = {line.split()[1] for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line.startswith("USER")}
    assert [role for role, _ in pods()] == ["gateway", "worker"]
    for role, pod in pods():
        (container,) = pod["containers"]
        assert container["command"] == ["paperround", "run", "--role", role]
        assert pod["securityContext"]["runAsUser"] == int(user)
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        # A service named like us would come as PAPERROUND_PORT, which is no setting.
        assert pod["enableServiceLinks"] is False
        probes = {
            probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")
        }
        assert probes == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}


@pytest.mark.skipif(not any(shutil.which(program) for program, _ in BUILDERS), reason="no kustomize is installed")
def test_kustomize_puts_it_together(tmp_path: Path) -> None:
    folder = tmp_path / "kubernetes"
    shutil.copytree(FOLDER, folder)
    shutil.copy(folder / "secret.env.example", folder / "secret.env")
    command = next(command for command in BUILDERS if shutil.which(command[0]))
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    for resource in built:
        validate(resource)
    workloads = {one["metadata"]["name"]: one["spec"] for one in built if one["kind"] == "Deployment"}
    assert {name: spec["replicas"] for name, spec in workloads.items()} == {
        "paperround-gateway": 1,
        "paperround-worker": 2,
    }
    # Pods of the two never match each other's selectors.
    selectors = [spec["selector"]["matchLabels"]["app.kubernetes.io/component"] for spec in workloads.values()]
    assert sorted(selectors) == ["gateway", "worker"]
