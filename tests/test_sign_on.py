"""The tables `[[oidc]]` and `[[workload]]`: what is refused, and that no secret is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contentlib.settings import ConfigurationError, load, shown_value

OIDC = {"name": "corp", "issuer": "https://sso.example.com", "client_id": "contentlib"}
WORKLOAD = {
    "name": "images",
    "issuer": "https://token.actions.githubusercontent.com",
    "audience": "https://lib.example.com",
    "claims": {"repository": "org/images"},
    "role": "Content publisher",
    "library": "*",
}


def faults(**tables: list[dict[str, Any]]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(None, tables)
    return caught.value.faults


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"issuer": "http://sso.example.com"}, "must be an https URL without credentials, query and fragment"),
        ({"issuer": "http://127.0.0.1:9"}, "must be an https URL without credentials, query and fragment"),
        ({"issuer": "http://192.0.2.1", "insecure_loopback": True}, "must be an https URL without credentials"),
        ({"issuer": "https://x@sso.example.com"}, "must be an https URL without credentials, query and fragment"),
        ({"issuer": "https://[sso"}, "Invalid IPv6 URL"),
        ({"name": "a b"}, "name: String should match pattern"),
        ({"scopes": ["profile"]}, "must contain openid"),
        ({"scopes": ["openid", "a b"]}, "must be a list of scopes without spaces and quotes"),
        ({"client_secret": "a", "client_secret_file": "b"}, "client_secret and client_secret_file cannot both be set"),
        ({"client_secret_file": "missing"}, "client_secret_file of corp: missing cannot be read: No such file or directory"),
        ({"ca_file": "/"}, "ca_file of corp: / is not a regular file"),
        ({"colour": "red"}, "is not a setting"),
    ],
)
def test_a_provider_that_cannot_be_used_is_refused(change: dict[str, Any], fault: str) -> None:
    (found,) = faults(oidc=[OIDC | change])
    assert found.startswith("oidc")
    assert fault.removeprefix("name: String ") in found


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"claims": {}}, "must contain a claim with other characters than *: anyone could have such a token"),
        ({"claims": {"repository": "*", "ref": "**"}}, "must contain a claim with other characters than *"),
        ({"name": "Images"}, "should match pattern"),
        ({"keys_file": "missing"}, "keys_file of images: missing cannot be read: No such file or directory"),
    ],
)
def test_a_rule_that_would_match_anyone_is_refused(change: dict[str, Any], fault: str) -> None:
    (found,) = faults(workload=[WORKLOAD | change])
    assert found.startswith("workload")
    assert fault in found


def test_names_and_issuers_are_given_once() -> None:
    assert faults(oidc=[OIDC, OIDC], workload=[WORKLOAD, WORKLOAD]) == [
        "oidc: the name corp is given twice",
        "workload: the name images is given twice",
        "oidc: the issuer https://sso.example.com is given twice",
    ]


def test_a_secret_is_never_shown() -> None:
    assert "hush" not in faults(oidc=[{**OIDC, "client_secret": "hush", "name": 7}])[0]
    settings = load(None, {"oidc": [{**OIDC, "client_secret": "hush"}]}).settings
    assert shown_value(settings.oidc) == "corp (https://sso.example.com)"
    assert "hush" not in repr(settings)


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    (provider,) = load(None, {"oidc": [{**OIDC, "client_secret_file": "secret"}]}).settings.oidc
    assert provider.secret() == "hush"
