from __future__ import annotations

import subprocess
from pathlib import Path

import processes
from contentlib import __version__
from processes import CONTENTLIB


def called(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return processes.run([str(CONTENTLIB), *arguments], tmp_path, **variables)


def test_each_setting_is_printed_with_its_value_and_its_source(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("workers = 3\nlease_seconds = 60\n")
    answer = called(tmp_path, "settings", "--config", "my.toml", CONTENTLIB_WORKERS="2")
    lines = {line.split()[0]: line.split(maxsplit=1)[1].split("  ", 1) for line in answer.stdout.splitlines()}
    printed = {name: (value.strip(), source.strip()) for name, (value, source) in lines.items()}
    assert printed["workers"] == ("2", "environment CONTENTLIB_WORKERS")
    assert printed["lease_seconds"] == ("60", "file my.toml")
    assert printed["tls"] == ("true", "default")


def test_secrets_are_masked(tmp_path: Path) -> None:
    answer = called(tmp_path, "settings", CONTENTLIB_ADMIN_PASSWORD="correct horse")
    assert "correct horse" not in answer.stdout
    assert "********" in answer.stdout


def test_faults_end_with_exit_code_2(tmp_path: Path) -> None:
    answer = called(tmp_path, "settings", "--config", "none.toml")
    assert answer.returncode == 2
    assert answer.stderr == "config: none.toml cannot be read: No such file or directory\n"


def test_the_version_is_printed(tmp_path: Path) -> None:
    assert called(tmp_path, "version").stdout == f"{__version__}\n"
