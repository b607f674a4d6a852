"""Access tokens of an identity provider as bearer: who is admitted, and every token that is not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from access.people import People
from issuer import AUDIENCE, CLIENT, Issuer, b64, compact, issuing, jwk, number, pem, rsa_key, table
from whole import TOKEN, HandClock, Whole, told, whole

SELF = "/api/contentlib/access/self"


async def status(app: Whole, token: str) -> int:
    """What a call with a bearer token is answered."""
    return (await app.send("GET", SELF, headers={TOKEN: "", "authorization": f"Bearer {token}"})).status_code


async def refusal(app: Whole, token: str) -> tuple[int, str, str]:
    """Status, type and message of a call that is refused."""
    return told(await app.send("GET", SELF, headers={TOKEN: "", "authorization": f"Bearer {token}"}))


async def test_an_access_token_creates_its_user_and_calls(people: People, issuer: Issuer) -> None:
    await people.done("POST", "/groups", {"name": "staff", "source": "oidc:corp", "external_name": "/staff"})
    found = await people.done("GET", "/self", token=issuer.token())
    assert (found["user"], found["display_name"], found["groups"]) == ("ann@corp.example", "Ann A.", ["staff"])


async def test_an_access_token_works_in_every_form_that_takes_a_bearer(people: People, issuer: Issuer) -> None:
    library, token = await people.app.library(), issuer.token()
    await people.done("GET", "/self", token=token)
    await people.permit("ann@corp.example", "Content user", library)
    headers = {TOKEN: "", "authorization": f"Bearer {token}"}
    rest = await people.app.send("GET", f"/rest/com/vmware/content/library/id:{library}", headers=headers)
    session = await people.app.send("POST", "/api/session", headers=headers)
    named = {"serviceId": "com.vmware.content.library", "operationId": "list"}
    params = {**named, "input": {"STRUCTURE": {"operation-input": {}}}, "ctx": {"appCtx": {}, "securityCtx": {}}}
    body = {"jsonrpc": "2.0", "method": "invoke", "id": 1, "params": params}
    answer = await people.app.send("POST", "/api", body, headers)
    assert (rest.status_code, session.status_code) == (200, 201)
    assert library in answer.text
    kept = await people.app.send("GET", "/api/session", headers={TOKEN: session.json()})
    assert kept.json()["user"] == "ann@corp.example"


async def test_a_token_is_verified_once_and_not_asked_about_again(people: People, issuer: Issuer) -> None:
    token = issuer.token()
    for _ in range(5):
        assert await status(people.app, token) == 200
    assert (issuer.asked["/jwks"], issuer.asked["/.well-known/openid-configuration"]) == (1, 1)


async def test_a_remembered_token_ends_at_its_expiry(people: People, issuer: Issuer, clock: HandClock) -> None:
    token = issuer.token(exp=int(issuer.time()) + 60)
    assert await status(people.app, token) == 200
    clock.pass_seconds(61 + 60)
    status_code, kind, text = await refusal(people.app, token)
    assert (status_code, kind) == (401, "UNAUTHENTICATED")
    assert text == f"token of oidc:corp ({issuer.url}) refused: it has expired"


async def test_a_user_who_is_disabled_is_out_at_the_next_call(people: People, issuer: Issuer) -> None:
    token = issuer.token()
    assert await status(people.app, token) == 200
    await people.done("PATCH", "/users/ann@corp.example", {"enabled": False})
    assert await status(people.app, token) == 401
    assert await status(people.app, issuer.token(jti="another")) == 401


async def test_a_remembered_token_is_not_that_of_a_later_user_of_the_same_name(people: People, issuer: Issuer) -> None:
    token = issuer.token()
    assert await status(people.app, token) == 200
    await people.done("DELETE", "/users/ann@corp.example")
    await people.user("ann@corp.example")
    status_code, _, text = await refusal(people.app, token)
    assert status_code == 401
    assert text == "user 'ann@corp.example' of oidc:corp cannot log in: the name belongs to another user"


async def test_api_tokens_go_on_to_work(people: People, issuer: Issuer) -> None:
    _, secret = await people.token("administrator@vsphere.local")
    assert await status(people.app, secret) == 200
    assert not issuer.asked


WRONG_CLAIMS: list[tuple[dict[str, Any], str | None]] = [
    ({"aud": "someone-else"}, "it was made for another audience"),
    ({"aud": None}, "it was made for another audience"),
    ({"aud": [[AUDIENCE]]}, "it was made for another audience"),
    ({"exp": 1}, "it has expired"),
    ({"exp": None}, "it has no expiry"),
    ({"exp": "2099"}, "its exp is not a time"),
    ({"exp": True}, "its exp is not a time"),
    ({"exp": float("inf")}, None),
    ({"nbf": 4_000_000_000}, "it is not valid yet"),
    ({"iat": 4_000_000_000}, "it is not valid yet"),
    ({"sub": None}, "it has no subject"),
    ({"sub": 7}, "it has no subject"),
    ({"preferred_username": None}, "it has no claim preferred_username, from which users get their name"),
    ({"cnf": {"jkt": "x"}}, "it is bound to a key of its client"),
    ({"events": {}}, "it is a token of another type"),
    ({"at_hash": "x"}, "it is a token of another type"),
    ({"typ": "ID"}, "it is a token of another type"),
    ({"preferred_username": "x@VSPHERE.local"}, "users of domain 'vsphere.local' cannot log in with this provider"),
]


async def test_a_token_with_wrong_claims_is_refused(app: Whole, issuer: Issuer) -> None:
    for changes, problem in WRONG_CLAIMS:
        status_code, kind, text = await refusal(app, issuer.token(**changes))
        assert (status_code, kind) == (401, "UNAUTHENTICATED"), changes
        if problem is not None:
            assert text == f"token of oidc:corp ({issuer.url}) refused: {problem}"


async def test_a_token_of_another_issuer_is_refused_without_asking_anyone(app: Whole, issuer: Issuer) -> None:
    for url in ("https://other.example", f"{issuer.url}/", None, 7, ["x"]):
        status_code, _, text = await refusal(app, issuer.token(iss=url))
        assert status_code == 401
        assert "no provider or workload rule accepts tokens of issuer" in text
    assert not issuer.asked


ONE = {"kid": "one", "typ": "JWT"}


NOT_SIGNED: list[tuple[dict[str, Any], object]] = [
    ({**ONE, "alg": "none"}, None),
    ({**ONE, "alg": "None"}, None),
    ({**ONE, "alg": "HS256"}, pem(rsa_key("one"))),
    ({**ONE, "alg": "HS256"}, jwk(rsa_key("one"), "one")["n"].encode()),
    ({**ONE, "alg": "RS256"}, rsa_key("two")),
    ({**ONE, "alg": "RS256"}, pem(rsa_key("one"))),
    ({**ONE, "alg": "PS256"}, rsa_key("one")),
    ({**ONE, "alg": "ES256"}, ec.generate_private_key(ec.SECP256R1())),
    ({"kid": "two", "alg": "RS256"}, rsa_key("two")),
    ({"alg": "RS256"}, rsa_key("two")),
    ({**ONE, "alg": "RS256", "jwk": jwk(rsa_key("two"), "one")}, rsa_key("two")),
    ({**ONE, "alg": "RS256", "jku": "https://attacker.example/jwks"}, rsa_key("two")),
    ({**ONE, "alg": "RS256", "crit": ["exp"]}, rsa_key("one")),
    ({**ONE, "alg": "RS256", "b64": False}, rsa_key("one")),
    ({"kid": "one", "alg": "RS256", "typ": "logout+jwt"}, rsa_key("one")),
    ({"kid": 1, "alg": "RS256"}, rsa_key("one")),
    ({"kid": "one", "alg": ["RS256"]}, rsa_key("one")),
]


async def test_a_token_that_the_issuer_has_not_signed_is_refused(app: Whole, issuer: Issuer) -> None:
    for header, key in NOT_SIGNED:
        token = issuer.token(header, b"" if key is None else key)
        for each in [token] if key is not None else [token, token.rpartition(".")[0] + "."]:
            assert await status(app, each) == 401, header
    assert await status(app, issuer.token({**ONE, "alg": "RS256"})) == 200


NO_TOKENS = [
    "x",
    "a.b.c",
    "..",
    "eyJ.eyJ.eyJ",
    f"{b64(b'[]')}.{b64(b'{}')}.AAAA",
    f"{b64(b'{' * 9000)}.{b64(b'[' * 3000)}.AAAA",
    f"{b64(b'[' * 11000)}.e30.AAAA",
    "\u00e4.\u00e4.\u00e4",
    "clt_0000",
]


async def test_what_is_no_token_is_refused(app: Whole) -> None:
    for token in NO_TOKENS:
        headers = {TOKEN.encode(): b"", b"authorization": f"Bearer {token}".encode()}
        assert (await app.client.get(SELF, headers=headers)).status_code == 401, token[:40]


async def test_a_huge_token_is_refused_by_its_length(app: Whole, issuer: Issuer) -> None:
    status_code, _, text = await refusal(app, issuer.token(x="y" * 20_000))
    assert status_code == 401
    assert text.endswith("characters; at most 16384 are allowed")
    assert not issuer.asked


async def test_new_keys_are_found_and_old_ones_forgotten(
    data_dir: Path, clock: HandClock, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contentlib.oidc.issuers._UNKNOWN_KEY_SECONDS", 0.0)  # the pause between two looks has passed
    async with whole(data_dir, clock, oidc=[table(issuer)]) as app:
        assert await status(app, issuer.token()) == 200
        old = issuer.token(jti="2")
        issuer.keys = {"two": rsa_key("two")}
        assert await status(app, issuer.token()) == 200
        assert await status(app, old) == 401


async def test_a_flood_of_unknown_keys_asks_the_provider_once(app: Whole, issuer: Issuer) -> None:
    assert await status(app, issuer.token()) == 200
    tokens = [issuer.token({"alg": "RS256", "kid": f"k{n}"}) for n in range(50)]
    assert set(await asyncio.gather(*(status(app, each) for each in tokens))) == {401}
    assert issuer.asked["/jwks"] <= 2


async def test_a_provider_that_is_down_is_named_and_local_users_go_on(people: People, issuer: Issuer) -> None:
    issuer.statuses["/.well-known/openid-configuration"] = 500
    answer = await people.app.send("GET", SELF, headers={TOKEN: "", "authorization": f"Bearer {issuer.token()}"})
    status_code, kind, text = told(answer)
    assert (status_code, kind, answer.headers["retry-after"]) == (503, "SERVICE_UNAVAILABLE", "5")
    place = f"{issuer.url}/.well-known/openid-configuration"
    assert text == f"provider oidc:corp ({issuer.url}) is not usable: {place} answered 500; local users can log in"
    assert (await people.app.login()).status_code == 200


async def test_a_provider_that_hangs_holds_nobody_else(people: People, issuer: Issuer) -> None:
    issuer.held.add("/jwks")
    waiting = asyncio.create_task(status(people.app, issuer.token()))
    await issuer.holding.wait()
    assert (await people.app.login()).status_code == 200
    assert not waiting.done()
    issuer.released.set()
    assert await waiting == 200


async def test_many_who_come_first_at_once_ask_the_provider_once(app: Whole, issuer: Issuer) -> None:
    tokens = [issuer.token(jti=str(n)) for n in range(20)]
    assert set(await asyncio.gather(*(status(app, each) for each in tokens))) == {200}
    assert issuer.asked["/jwks"] == 1


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://other.example"},
        {"jwks_uri": "http://192.0.2.1/jwks"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": 7},
        {"token_endpoint": "http://192.0.2.1/token"},
    ],
)
async def test_a_discovery_document_that_leads_astray_is_refused(app: Whole, issuer: Issuer, document: dict[str, Any]) -> None:
    issuer.changes = document
    status_code, _, text = await refusal(app, issuer.token())
    assert status_code == 503
    assert "its discovery document" in text
    assert not issuer.asked["/jwks"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 5000, b'{"keys": 1}', b'{"keys": [1]}', b" " * (1 << 21)])
async def test_keys_that_are_none_are_refused(app: Whole, issuer: Issuer, body: bytes) -> None:
    issuer.bodies["/jwks"] = body
    assert (await refusal(app, issuer.token()))[0] == 503


async def test_a_redirect_of_the_provider_is_not_followed(app: Whole, issuer: Issuer) -> None:
    issuer.statuses["/jwks"] = 302
    assert (await refusal(app, issuer.token()))[0] == 503


async def test_weak_and_foreign_keys_are_left_out(data_dir: Path, clock: HandClock, issuer: Issuer) -> None:
    weak, other = rsa_key("weak", 1024), rsa_key("other")
    keys = [
        jwk(weak, "weak"),
        jwk(other, "other", use="enc"),
        jwk(other, "pinned", alg="RS512"),
        {"kty": "oct", "kid": "oct", "k": b64(b"x" * 32)},
        {"kty": "RSA", "kid": "broken", "n": "!"},
        {"kty": "EC", "kid": "point", "crv": "P-256", "x": number(1), "y": number(1)},
        jwk(rsa_key("one"), "one"),
    ]
    issuer.bodies["/jwks"] = json.dumps({"keys": keys}).encode()
    async with whole(data_dir, clock, oidc=[table(issuer)]) as app:
        for kid, key in (("weak", weak), ("other", other), ("pinned", other), ("oct", b"x" * 32)):
            alg = "HS256" if isinstance(key, bytes) else "RS256"
            assert await status(app, issuer.token({"alg": alg, "kid": kid}, key)) == 401
        assert await status(app, issuer.token()) == 200


async def test_an_elliptic_curve_key_is_used_with_its_own_algorithm(app: Whole, issuer: Issuer) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_numbers()
    coordinates = {"x": b64(point.x.to_bytes(32)), "y": b64(point.y.to_bytes(32))}
    issuer.bodies["/jwks"] = json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "kid": "ec", **coordinates}]}).encode()
    assert await status(app, issuer.token({"alg": "ES256", "kid": "ec"}, key)) == 200
    assert await status(app, issuer.token({"alg": "ES384", "kid": "ec"}, key)) == 401


async def test_a_provider_without_audience_accepts_no_access_tokens(data_dir: Path, clock: HandClock, issuer: Issuer) -> None:
    async with whole(data_dir, clock, oidc=[table(issuer, audience=[])]) as app:
        assert await status(app, issuer.token(aud=CLIENT)) == 401


async def test_names_of_other_domains_are_refused_where_a_domain_is_set(
    data_dir: Path, clock: HandClock, issuer: Issuer
) -> None:
    async with whole(data_dir, clock, oidc=[table(issuer, domain="corp.example")]) as app:
        assert await status(app, issuer.token()) == 200
        assert await status(app, issuer.token(sub="2", preferred_username="bob@other.example")) == 401
        bob = await app.send(
            "GET", SELF, headers={TOKEN: "", "authorization": f"Bearer {issuer.token(sub='3', preferred_username='bob')}"}
        )
        assert bob.json()["user"] == "bob@corp.example"


async def test_two_providers_do_not_vouch_for_each_other(data_dir: Path, clock: HandClock, issuer: Issuer) -> None:
    async with issuing() as other:
        other.now, other.keys = issuer.now, {"one": rsa_key("three")}
        tables = [table(issuer), table(other, name="other")]
        async with whole(data_dir, clock, oidc=tables) as app:
            assert await status(app, other.token(iss=issuer.url)) == 401
            assert await status(app, issuer.token()) == 200
            assert await status(app, other.token()) == 401  # the name is that of a user of the first
            assert await status(app, other.token(preferred_username="zoe@other.example")) == 200


async def test_a_claim_by_a_path_holds_the_groups(data_dir: Path, clock: HandClock, issuer: Issuer) -> None:
    async with whole(data_dir, clock, oidc=[table(issuer, groups_claim="realm_access.roles")]) as app:
        people = People(app)
        await people.done("POST", "/groups", {"name": "staff", "source": "oidc:corp", "external_name": "editor"})
        token = issuer.token(realm_access={"roles": ["editor", 7, None]})
        assert (await people.done("GET", "/self", token=token))["groups"] == ["staff"]


def test_a_token_by_hand_is_one_that_is_accepted() -> None:
    """The helper that makes wrong tokens makes right ones too."""
    header, claims, signature = compact({"alg": "none"}, {}, None).split(".")
    assert (header, claims, signature) == (b64(b'{"alg": "none"}'), b64(b"{}"), "")


async def test_files_are_downloaded_with_an_access_token(people: People, issuer: Issuer) -> None:
    app, token = people.app, issuer.token()
    item = await app.item(library=(library := await app.library()))
    await app.fill(item, disk_iso=b"bytes")
    path, headers = f"/cls/static/{library}/{item}/disk.iso", {TOKEN: "", "authorization": f"Bearer {token}"}
    assert (await app.client.get(path, headers=headers)).status_code == 404  # the user may do nothing yet
    await people.permit("ann@corp.example", "Content user", library)
    assert (await app.client.get(path, headers=headers)).content == b"bytes"
