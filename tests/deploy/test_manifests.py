"""The compose files and the Kubernetes manifests, checked by Docker's and Kubernetes' programs and against our settings."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from contentlib.settings import Settings, load
from docs.reading import ROOT as SOURCE

COMPOSE = SOURCE / "deploy" / "compose"
KUBERNETES = SOURCE / "deploy" / "kubernetes"
OWN = {
    "POSTGRES_PASSWORD": "secret",
    "S3_URL": "s3://images/contentlib",
    "S3_ENDPOINT": "https://s3.example.com",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "key",
}


def output(*command: object, **variables: str) -> str:
    """What a program prints that succeeds."""
    ended = subprocess.run(
        [str(each) for each in command], cwd=COMPOSE, env=variables, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def composed(linters: Path, *files: str) -> dict[str, Any]:
    options = [f"--file={file}" for file in files]
    found: dict[str, Any] = json.loads(output(linters / "docker-compose", *options, "config", "--format", "json", **OWN))
    return found


def settings_of(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], file: Path | None, data: Path) -> Settings:
    """The settings of a server that is started so. Only its directory is another one."""
    for name, value in variables.items():
        if name.startswith("CONTENTLIB_"):
            monkeypatch.setenv(name, value)
    return load(file, {"data_dir": data}).settings


@pytest.mark.parametrize("files", [["compose.yaml"], ["compose.yaml", "postgresql.yaml"], ["compose.yaml", "s3.yaml"]])
def test_a_compose_file_is_one_and_its_settings_are_valid(
    linters: Path, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = composed(linters, *files)["services"]["contentlib"]
    assert service["read_only"]
    settings = settings_of(monkeypatch, service["environment"], None, tmp_path)
    assert settings.public_url == "https://localhost:8443"
    assert (settings.database is not None) == ("postgresql.yaml" in files)
    assert ("s3.yaml" in files) == any(each.url == "s3://images/contentlib" for each in settings.storage)


def test_what_must_be_given_is_missed(linters: Path) -> None:
    command = [str(linters / "docker-compose"), "--file", "compose.yaml", "--file", "postgresql.yaml", "config"]
    ended = subprocess.run(command, cwd=COMPOSE, env={}, capture_output=True, text=True, check=False)
    assert "required variable POSTGRES_PASSWORD is missing a value: set it in .env" in ended.stderr


def manifests(linters: Path, folder: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(output(linters / "kubectl", "kustomize", KUBERNETES / folder)))


@pytest.mark.parametrize("folder", ["base", "scaled"])
def test_manifests_are_valid(linters: Path, folder: str, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(manifests(linters, folder)))
    output(linters / "kubernetes-validate", "--strict", "--quiet", tmp_path / "all.yaml")
    output(linters / "kubernetes-validate", "--strict", "--quiet", KUBERNETES / "scaled" / "secret.example.yaml")


@pytest.mark.parametrize("folder", ["base", "scaled"])
def test_pods_have_valid_settings_and_few_rights(
    linters: Path, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {each["kind"]: each for each in manifests(linters, folder)}
    pod = found["StatefulSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        *(volume["name"] for volume in pod["volumes"]),
        *(claim["metadata"]["name"] for claim in found["StatefulSet"]["spec"]["volumeClaimTemplates"]),
    }
    secret = yaml.safe_load((KUBERNETES / "scaled" / "secret.example.yaml").read_text())["stringData"]
    (tmp_path / "s3-credentials").write_text(secret["s3-credentials"])
    configured = found["ConfigMap"]["data"]["contentlib.toml"].replace("/etc/contentlib-secret", str(tmp_path))
    (tmp_path / "contentlib.toml").write_text(configured)
    given = {each["name"]: each.get("value", "node-1") for each in container["env"]}
    if "CONTENTLIB_DATABASE" in given:
        given["CONTENTLIB_DATABASE"] = secret["database"]
    settings = settings_of(monkeypatch, given, tmp_path / "contentlib.toml", tmp_path / "data")
    assert settings.public_url == "https://images.example.com"
    assert (settings.keys_dir is not None) == (folder == "scaled")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["path"] in ("/healthz", "/readyz")


def test_the_image_of_the_manifests_has_the_version_of_the_source(linters: Path) -> None:
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]["version"]
    (found,) = [each for each in manifests(linters, "base") if each["kind"] == "StatefulSet"]
    (container,) = found["spec"]["template"]["spec"]["containers"]
    assert container["image"].endswith(f":{project}")
