"""The commands for users and permissions, beside a server that is running."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from processes import CONTENTLIB, ENVIRONMENT, Running
from whole import NAME, SESSION

SECRET = "correct horse battery"


def run(data_dir: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CONTENTLIB, *arguments, "--data-dir", data_dir],
        input=stdin,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
        timeout=60,
    )


def done(data_dir: Path, *arguments: str, stdin: str = "") -> str:
    ended = run(data_dir, *arguments, stdin=stdin)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_directory_without_a_database_is_left_alone(tmp_path: Path) -> None:
    ended = run(tmp_path / "none", "user", "list")
    assert ended.returncode == 1
    assert "has no database; start the server once to make it" in ended.stderr
    assert not (tmp_path / "none").exists()


def test_what_is_not_possible_is_one_sentence(data_dir: Path) -> None:
    ended = run(data_dir, "user", "disable", NAME)
    assert (ended.returncode, ended.stdout) == (1, "")
    text = "no enabled user would have the role Administrator on everything; give it to another user first"
    assert ended.stderr == f"contentlib: {text}\n"


def test_a_group_is_mapped_to_one_of_a_provider(data_dir: Path) -> None:
    options = ("--source", "oidc:corp", "--external-name", "/staff")
    assert done(data_dir, "group", "add", "staff", *options) == "group 'staff' was added\n"
    assert done(data_dir, "group", "map", "staff") == "group 'staff' is not mapped\n"
    assert done(data_dir, "group", "map", "staff", *options) == "group 'staff' is mapped to '/staff' of oidc:corp\n"
    assert "external_name is required" in run(data_dir, "group", "map", "staff", "--source", "oidc:corp").stderr


def test_groups_and_roles_are_managed(data_dir: Path) -> None:
    done(data_dir, "user", "add", "robin", "--no-password")
    done(data_dir, "group", "add", "ops", "--description", "operators")
    done(data_dir, "group", "join", "ops", "robin@vsphere.local")
    assert done(data_dir, "group", "members", "ops") == "user  robin@vsphere.local\n"
    done(data_dir, "role", "add", "looker", "System.Read")
    assert done(data_dir, "role", "show", "looker") == "System.Read\n"
    done(data_dir, "permission", "set", "ops", "looker", "--group")
    assert "group:ops" in done(data_dir, "permission", "list")
    done(data_dir, "group", "leave", "ops", "robin@vsphere.local")
    done(data_dir, "group", "remove", "ops")
    done(data_dir, "role", "remove", "looker")
    done(data_dir, "user", "remove", "robin@vsphere.local")
    assert done(data_dir, "user", "list").split()[0] == NAME


@pytest.fixture
def http(serve: Callable[..., Running], data_dir: Path) -> httpx.Client:
    """A client of a server on the data directory."""
    return httpx.Client(base_url=serve("--no-tls").url, timeout=60)


def test_a_server_hears_of_users_and_tokens_at_once(http: httpx.Client, tmp_path: Path, data_dir: Path) -> None:
    with http:
        done(data_dir, "user", "add", "robin", "--password-file", "-", stdin=SECRET + "\n")
        assert http.post(SESSION, auth=("robin", SECRET)).status_code == 200
        http.cookies.clear()
        secret = done(data_dir, "token", "create", "robin@vsphere.local", "pipeline", "--days", "30").strip()
        bearer = {"authorization": f"Bearer {secret}"}
        assert http.get("/api/content/library", headers=bearer).status_code == 403
        done(data_dir, "permission", "set", "robin@vsphere.local", "Content user")
        assert http.get("/api/content/library", headers=bearer).status_code == 200
        token = done(data_dir, "token", "list").split()[0]
        done(data_dir, "token", "remove", token)
        assert http.get("/api/content/library", headers=bearer).status_code == 401


def test_a_lost_password_is_set_anew(http: httpx.Client, data_dir: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("quite another secret\n")
    with http:
        done(data_dir, "user", "password", NAME, "--password-file", str(password))
        assert http.post(SESSION, auth=(NAME, "quite another secret")).status_code == 200


def test_quotas_are_managed(data_dir: Path) -> None:
    assert done(data_dir, "quota", "set", NAME, "--items", "3") == f"the quota of user {NAME!r} was set\n"
    header, line = done(data_dir, "quota", "list").splitlines()
    assert header.split() == ["KIND", "NAME", "BYTES", "RESERVED", "LIMIT", "ITEMS", "LIMIT", "STATE"]
    assert line.split() == ["user", NAME, "0", "0", "-", "0", "3", "NORMAL"]
    assert done(data_dir, "quota", "verify") == "all totals are right\n"


def test_wrong_totals_are_found_and_repaired(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as connection:
        connection.execute("INSERT INTO quotas (owner, bytes, items, reserved) VALUES ('user:x', 1, 2, 3)")
        connection.commit()
    ended = run(data_dir, "quota", "verify")
    assert (ended.returncode, ended.stdout) == (
        1,
        "user:x: 1 bytes, 2 items, 3 reserved; should be 0 bytes, 0 items, 0 reserved\n",
    )
    assert "(repaired)" in done(data_dir, "quota", "verify", "--repair")
    assert done(data_dir, "quota", "verify") == "all totals are right\n"
