"""Attacks logins with security tokens: wrapped, changed, stolen, expired and repeated ones, and XML that is a bomb."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable

import pytest
from lxml import etree

from access.people import SECRET, People
from contentlib.sso.namespaces import DS, SAML, SOAP, WSU, qualified
from contentlib.sso.signatures import sign
from contentlib.sso.signing_keys import SigningKey
from sso.asking import (
    LOGIN_BY_TOKEN,
    MINUTE,
    Client,
    bearer_token,
    bound_token,
    client,
    envelope,
    fault,
    login,
    login_by_header,
    login_by_soap,
    post,
    request,
    sign_header,
    signed,
    timestamp,
    tree,
    with_token,
)
from whole import NAME, START, HandClock, Whole

EVIL = "mallory@vsphere.local"
NAME_ID = qualified(SAML, "Subject", "NameID")


def text_of(element: etree._Element) -> str:
    return etree.tostring(element).decode()


def copy(token: str, **attributes: str) -> etree._Element:
    """A copy of a token for another user, with the signature of the first."""
    found = tree(token)
    name = found.find(NAME_ID)
    assert name is not None
    name.text = EVIL
    for key, value in attributes.items():
        found.set(key, value)
    return found


def changed_subject(token: str) -> str:
    return text_of(copy(token))


def wrapped_in_another(token: str) -> str:
    """The signed token inside an unsigned one."""
    outer = copy(token, ID="_evil")
    outer.append(tree(token))
    return text_of(outer)


def wrapped_in_its_signature(token: str) -> str:
    """The signed token in an object of the signature of an unsigned one with the same identifier."""
    outer = copy(token)
    signature = outer.find(qualified(DS, "Signature"))
    assert signature is not None
    etree.SubElement(signature, qualified(DS, "Object")).append(tree(token))
    return text_of(outer)


def same_identifier_inside(token: str) -> str:
    outer = copy(token)
    outer.insert(0, tree(token))
    return text_of(outer)


def two_tokens(token: str) -> str:
    return token + text_of(copy(token, ID="_evil"))


def without_signature(token: str) -> str:
    found = copy(token)
    signature = found.find(qualified(DS, "Signature"))
    assert signature is not None
    found.remove(signature)
    return text_of(found)


def signature_elsewhere(token: str) -> str:
    """The signature is not a child of what it signs."""
    found = copy(token)
    signature, subject = found.find(qualified(DS, "Signature")), found.find(qualified(SAML, "Subject"))
    assert signature is not None
    assert subject is not None
    subject.append(signature)
    return text_of(found)


def signed_by_another_key(token: str) -> str:
    """The token of another server that has the same name."""
    other = client()
    return text_of(_signed_again(copy(token), other))


def _signed_again(found: etree._Element, by: Client) -> etree._Element:
    signature = found.find(qualified(DS, "Signature"))
    assert signature is not None
    signature.clear()
    signature.set("Id", "placeholder")
    return sign(found, SigningKey(by.key, by.certificate))


def no_signature_value(token: str) -> str:
    found = tree(token)
    value = found.find(qualified(DS, "Signature", "SignatureValue"))
    assert value is not None
    value.text = None
    return text_of(found)


def reference_to_everything(token: str) -> str:
    return token.replace('URI="#_', 'URI="" X="#_')


def another_algorithm(token: str) -> str:
    return token.replace("xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256")


def another_transform(token: str) -> str:
    return token.replace("2001/10/xml-exc-c14n#", "2000/09/xmldsig#base64")


def another_name_after_a_comment(token: str) -> str:
    return token.replace(f">{NAME}<", f"><!-- -->{EVIL}<")


def a_later_end(token: str) -> str:
    return token.replace('NotOnOrAfter="2023', 'NotOnOrAfter="2033')


ATTACKS: list[Callable[[str], str]] = [
    changed_subject,
    wrapped_in_another,
    wrapped_in_its_signature,
    same_identifier_inside,
    two_tokens,
    without_signature,
    signature_elsewhere,
    signed_by_another_key,
    no_signature_value,
    reference_to_everything,
    another_algorithm,
    another_transform,
    another_name_after_a_comment,
    a_later_end,
]


async def test_a_changed_token_does_not_log_in(app: Whole) -> None:
    token = await bearer_token(app)
    changed = {attack.__name__: attack(token) for attack in ATTACKS}
    assert token not in changed.values()
    soap = {name: (await login_by_soap(app, with_token(each))).fault[0] for name, each in changed.items()}
    rest = {name: (await login_by_header(app, sign_header(each))).status_code for name, each in changed.items()}
    assert (soap, rest) == (dict.fromkeys(changed, "InvalidLogin"), dict.fromkeys(changed, 401))
    assert (await login_by_soap(app, with_token(token))).status == 200


async def test_a_comment_in_the_name_does_not_shorten_it(app: Whole) -> None:
    """A comment is not covered by the signature: it neither ends the name nor changes it."""
    token = (await bearer_token(app)).replace(">administrator", ">admin<!-- -->istrator")
    assert (await login_by_soap(app, with_token(token))).texts("userName") == [NAME]


# times, users and credentials


async def test_an_expired_token_does_not_log_in(app: Whole, clock: HandClock) -> None:
    token = await bearer_token(app)
    clock.pass_seconds(300)
    kind, sentence = (await login_by_soap(app, with_token(token, clock.time))).fault
    assert (kind, sentence) == ("InvalidLogin", "The SAML token is not accepted: it has expired.")


async def test_a_token_ends_with_the_password_and_with_its_user(app: Whole) -> None:
    people = People(app)
    robin = await people.user("robin")
    token = await bearer_token(app, robin, SECRET)
    await people.done("POST", f"/users/{robin}?action=set-password", {"password": "another passw0rd!"})
    assert (await login_by_header(app, sign_header(token))).status_code == 401
    token = await bearer_token(app, robin, "another passw0rd!")
    assert (await login_by_header(app, sign_header(token))).status_code == 200
    await people.done("PATCH", f"/users/{robin}", {"enabled": False})
    assert (await login_by_header(app, sign_header(token))).status_code == 401


# keys


async def test_a_bound_token_without_a_signature_does_not_log_in(app: Whole, holder: Client, stranger: Client) -> None:
    token = await bound_token(app, holder)
    assert (await login_by_soap(app, with_token(token))).fault[0] == "InvalidLogin"
    assert (await login_by_soap(app, signed(with_token(token), stranger))).fault[0] == "InvalidLogin"
    assert (await login_by_header(app, sign_header(token))).status_code == 401
    assert (await login_by_header(app, sign_header(token, stranger))).status_code == 401


@pytest.mark.parametrize("parts", [("_time",), ("_body",), ("_time", "_time")])
async def test_a_signature_must_cover_body_and_timestamp(app: Whole, holder: Client, parts: tuple[str, ...]) -> None:
    text = signed(with_token(await bound_token(app, holder)), holder, parts=parts)
    assert (await login_by_soap(app, text)).fault[0] == "InvalidLogin"


async def test_a_signed_request_is_accepted_once(app: Whole, holder: Client) -> None:
    token = await bound_token(app, holder)
    text, header = signed(with_token(token), holder), sign_header(token, holder)
    assert (await login_by_soap(app, text)).status == 200
    assert (await login_by_header(app, header)).status_code == 200
    kind, sentence = (await login_by_soap(app, text)).fault
    assert (kind, sentence) == ("InvalidLogin", "The SAML token is not accepted: the request was sent before.")
    assert (await login_by_header(app, header)).status_code == 401
    padded = text.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>\n *")  # base64 that decodes to the same
    assert padded != text
    assert (await login_by_soap(app, padded)).status == 500


async def test_a_signed_body_that_was_moved_is_not_the_body(app: Whole, holder: Client) -> None:
    document = etree.fromstring(signed(with_token(await bound_token(app, holder)), holder))
    header, body = document[0], document[1]
    wrapper = etree.SubElement(header, "wrapper")
    wrapper.append(body)
    document.append(etree.fromstring(f'<S:Body xmlns:S="{SOAP}">{LOGIN_BY_TOKEN}</S:Body>'))
    assert (await login_by_soap(app, etree.tostring(document))).fault[0] == "InvalidLogin"
    document[1].set(qualified(WSU, "Id"), "_body")
    assert (await login_by_soap(app, etree.tostring(document))).fault[0] == "InvalidLogin"


@pytest.mark.parametrize("attribute", ["Id", "ID", "id"])
async def test_a_body_is_signed_by_its_own_identifier_only(app: Whole, holder: Client, attribute: str) -> None:
    """Else a body that was signed by another attribute could be moved, and one without an identifier be put in its place."""
    text = with_token(await bound_token(app, holder)).replace(
        b'<S:Body wsu:Id="_body"', f'<S:Body {attribute}="_body"'.encode()
    )
    assert (await login_by_soap(app, signed(text, holder))).fault[0] == "InvalidLogin"


async def test_the_signed_request_for_a_token_cannot_be_replaced(app: Whole, holder: Client) -> None:
    """What is signed decides: a request beside it is not served."""
    document = etree.fromstring(signed(envelope(timestamp() + login(), request(key="PublicKey", minutes=1)), holder))
    other = etree.fromstring(envelope("", request(key="PublicKey", minutes=600)))[1]
    etree.SubElement(document[0], "wrapper").append(document[1])
    document.append(other)
    assert fault(await post(app, etree.tostring(document)))[0] == "InvalidRequest"


@pytest.mark.parametrize("age", [90 * MINUTE, -30 * MINUTE])
async def test_a_signature_of_another_time_is_refused(app: Whole, holder: Client, age: int) -> None:
    token = await bound_token(app, holder)
    assert (await login_by_soap(app, signed(with_token(token, START - age), holder))).fault[0] == "InvalidLogin"
    assert (await login_by_header(app, sign_header(token, holder, nonce=f"{START - age}:1"))).status_code == 401


async def test_a_signature_counts_for_its_own_path_and_nonce(app: Whole, holder: Client) -> None:
    token = await bound_token(app, holder)
    assert (await login_by_header(app, sign_header(token, holder), "/api/session")).status_code == 401
    assert (await login_by_header(app, sign_header(token, holder, nonce=f"{START}:1").replace(":1", ":2"))).status_code == 401


async def test_a_signature_with_many_references_is_not_worked_on(app: Whole, holder: Client) -> None:
    token = await bound_token(app, holder)
    text = signed(with_token(token), holder, parts=("_time", "_body", *["_time"] * 40))
    assert "more than 4 references" in (await login_by_soap(app, text)).fault[1]


# bombs


BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("path", ["/sts/STSService", "/sdk", "/lookupservice/sdk", "/sso-adminserver/sdk"])
async def test_bombs_are_refused(app: Whole, path: str) -> None:
    whole = envelope(timestamp() + login(), request())
    for text in (
        BOMB.encode() + whole.replace(b"Issue", b"&b;"),
        whole + b" " * (10 << 20),
        b"<a>" * 20_000 + b"</a>" * 20_000,
        b"\x00\xff",
        b"",
    ):
        answer = await post(app, text, path)
        assert answer.status_code in (413, 500)
        assert len(answer.content) < 2000


async def test_a_token_that_unpacks_to_megabytes_is_refused(app: Whole) -> None:
    packed = base64.b64encode(gzip.compress(b"<a>" + b" " * (10 << 20) + b"</a>")).decode()
    for header in (
        f'SIGN token="{packed}"',
        f"Bearer {packed}",
        'SIGN token="x',
        "SIGN ",
        'SIGN a="1", a="1"',
        'SIGN token=""',
    ):
        assert (await login_by_header(app, header)).status_code == 401
