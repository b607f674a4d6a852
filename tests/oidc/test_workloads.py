"""Pipelines that come with a token of GitHub, GitLab or Kubernetes, and no user of this server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.people import People
from contentlib.oidc.rules import like
from issuer import AUDIENCE, Issuer, jwk, rsa_key, table
from whole import NAME, TOKEN, HandClock, Whole, told, whole

LAB = "11111111-1111-4111-8111-111111111111"
CLAIMS = {"repository": "org/images", "ref": "refs/heads/main", "sub": "repo:org/images:ref:refs/heads/main"}


def rule(issuer: Issuer, **more: Any) -> dict[str, Any]:
    """A table `[[workload]]`."""
    claims = {"repository": "org/*", "ref": "refs/heads/main"}
    common = {"name": "images", "issuer": issuer.url, "audience": AUDIENCE, "claims": claims, "insecure_loopback": True}
    return {**common, "role": "Content publisher", "library": "*", **more}


def pipeline(issuer: Issuer, **changes: Any) -> str:
    """A token as a pipeline has it: nothing in it names a user."""
    return issuer.token(None, None, **dict.fromkeys(("preferred_username", "name", "email", "groups")), **CLAIMS | changes)


class Pipeline:
    """A server with rules, and a pipeline that calls it."""

    def __init__(self, app: Whole, issuer: Issuer) -> None:
        self.app = app
        self.issuer = issuer
        self.token = pipeline(issuer)

    async def send(self, method: str, target: str, body: object = None) -> tuple[int, Any]:
        answer = await self.app.send(method, target, body, {TOKEN: "", "authorization": f"Bearer {self.token}"})
        return answer.status_code, answer.json() if answer.content else None

    async def refusal(self) -> str:
        headers = {TOKEN: "", "authorization": f"Bearer {self.token}"}
        status, kind, text = told(await self.app.send("GET", "/api/contentlib/access/self", headers=headers))
        assert (status, kind) == (401, "UNAUTHENTICATED")
        return text


@pytest.fixture
def server(data_dir: Path, clock: HandClock, issuer: Issuer) -> Any:
    """Starts a server with tables of settings."""

    def start(*rules: dict[str, Any], **more: Any) -> AbstractAsyncContextManager[Whole]:
        return whole(data_dir, clock, workload=list(rules), **more)

    return start


@pytest.fixture
async def images(server: Any, issuer: Issuer) -> AsyncIterator[Pipeline]:
    """A pipeline that may publish everywhere."""
    async with server(rule(issuer)) as app:
        yield Pipeline(app, issuer)


async def test_a_pipeline_has_the_role_of_its_rule_and_no_other(images: Pipeline) -> None:
    library = await images.app.library()
    assert await images.send("GET", f"/api/content/library/{library}") != (404, None)
    status, item = await images.send("POST", "/api/content/library/item", {"name": "tiny", "library_id": library})
    assert status == 201
    assert (await images.send("DELETE", f"/api/content/local-library/{library}"))[0] == 403
    assert (await images.send("GET", "/api/contentlib/access/users"))[0] == 403
    status, found = await images.send("GET", "/api/contentlib/access/self")
    assert (status, found["user"], found["groups"]) == (200, "workload:images", [])
    assert "ContentLibrary.AddLibraryItem" in found["privileges"]
    assert [each["name"] for each in await _users(images.app)] == [NAME]
    assert item


async def _users(app: Whole) -> list[dict[str, Any]]:
    return [{"name": each} for each in (await app.send("GET", "/api/contentlib/access/users")).json()]


async def test_a_role_on_one_library_is_none_on_others(server: Any, issuer: Issuer) -> None:
    async with server(rule(issuer)) as app:
        lab, other = await app.library(), await app.library()
    async with server(rule(issuer, library=lab)) as app:
        calls = Pipeline(app, issuer)
        assert (await calls.send("GET", "/api/content/local-library"))[1] == [lab]
        assert (await calls.send("GET", f"/api/content/library/{other}"))[0] == 404
        spec = {"name": "tiny", "library_id": other}
        assert (await calls.send("POST", "/api/content/library/item", spec))[0] == 404
        assert (await calls.send("POST", "/api/content/library/item", {**spec, "library_id": lab}))[0] == 201


async def test_a_pipeline_uploads_with_a_session(images: Pipeline) -> None:
    library = await images.app.library()
    session = (await images.send("POST", "/api/session"))[1]
    images.app.client.headers[TOKEN] = session
    item = await images.app.item(library=library)
    await images.app.fill(item, disk_iso=b"bytes")
    assert await images.app.content(item) == {"disk.iso": b"bytes"}


async def test_sessions_of_a_rule_end_with_the_rule(server: Any, issuer: Issuer) -> None:
    async with server(rule(issuer)) as app:
        session = (await Pipeline(app, issuer).send("POST", "/api/session"))[1]
    async with server(rule(issuer, name="other")) as app:
        headers = {TOKEN: session}
        assert (await app.send("GET", "/api/content/local-library", headers=headers)).status_code == 401


OTHER_CLAIMS: list[dict[str, Any]] = [
    {"repository": "evil/images"},
    {"repository": "xorg/images"},
    {"ref": "refs/heads/main2"},
    {"ref": "refs/heads/Main"},
    {"ref": None},
    {"ref": ["refs/heads/main"]},
    {"ref": {"x": 1}},
]


async def test_claims_that_differ_match_no_rule(images: Pipeline, issuer: Issuer) -> None:
    for changes in OTHER_CLAIMS:
        images.token = pipeline(issuer, **changes)
        subject = "repo:org/images:ref:refs/heads/main"
        assert await images.refusal() == f"no workload rule matches the token of {issuer.url} with subject '{subject}'"


async def test_tokens_for_others_and_old_ones_match_no_rule(images: Pipeline, issuer: Issuer) -> None:
    for changes, problem in (({"aud": "sts.amazonaws.com"}, "another audience"), ({"exp": 5}, "expired")):
        images.token = pipeline(issuer, **changes)
        assert problem in await images.refusal()
    images.token = pipeline(issuer)[:-8] + "AAAAAAAA"
    assert "its signature is not valid" in await images.refusal()


async def test_the_first_rule_that_matches_counts(server: Any, issuer: Issuer) -> None:
    rules = [rule(issuer, name="tags", claims={"ref": "refs/tags/*"}), rule(issuer), rule(issuer, name="last")]
    async with server(*rules) as app:
        found = await Pipeline(app, issuer).send("GET", "/api/contentlib/access/self")
        assert found[1]["user"] == "workload:images"


async def test_a_provider_and_rules_can_have_one_issuer(server: Any, issuer: Issuer) -> None:
    async with server(rule(issuer), oidc=[table(issuer)]) as app:
        assert (await Pipeline(app, issuer).send("GET", "/api/contentlib/access/self"))[1]["user"] == "workload:images"
        ann = await People(app).done("GET", "/self", token=issuer.token())
        assert ann["user"] == "ann@corp.example"


async def test_keys_in_a_file_need_no_connection_to_the_issuer(server: Any, issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [jwk(rsa_key("one"), "one")]}))
    async with server(rule(issuer, keys_file=file)) as app:
        assert (await Pipeline(app, issuer).send("GET", "/api/contentlib/access/self"))[0] == 200
    assert not issuer.asked


async def test_claims_of_kubernetes_are_found_by_a_path(server: Any, issuer: Issuer) -> None:
    claims = {"kubernetes.io.namespace": "images", "email_verified": "true", "project_id": "17"}
    async with server(rule(issuer, claims=claims)) as app:
        calls = Pipeline(app, issuer)
        more = {"kubernetes.io": {"namespace": "images"}, "email_verified": True, "project_id": 17}
        calls.token = pipeline(issuer, **more)
        assert (await calls.send("GET", "/api/contentlib/access/self"))[0] == 200
        calls.token = pipeline(issuer, **more | {"kubernetes.io": {"namespace": "other"}})
        await calls.refusal()


async def test_an_unknown_role_gives_nothing(server: Any, issuer: Issuer) -> None:
    async with server(rule(issuer, role="Publsher")) as app:
        library = await app.library()
        assert (await Pipeline(app, issuer).send("GET", f"/api/content/library/{library}"))[0] == 404


async def test_nobody_can_be_given_the_name_of_a_workload(images: Pipeline) -> None:
    refused = await People(images.app).refusal("POST", "/users", {"name": "workload:images"})
    assert refused[1] == "INVALID_ARGUMENT"


@given(st.lists(st.sampled_from("ab/"), max_size=6), st.lists(st.sampled_from("ab/*"), max_size=6))
def test_patterns_match_as_the_naive_way_does(text: list[str], pattern: list[str]) -> None:
    def naive(wanted: str, given: str) -> bool:
        if not wanted:
            return not given
        if wanted[0] == "*":
            return naive(wanted[1:], given) or (bool(given) and naive(wanted, given[1:]))
        return bool(given) and wanted[0] == given[0] and naive(wanted[1:], given[1:])

    assert like("".join(pattern), "".join(text)) == naive("".join(pattern), "".join(text))
