"""Requests for security tokens as clients write them, signed or not, and logins with the tokens."""

from __future__ import annotations

import base64
import datetime
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import SignatureReference, XMLSigner

from contentlib.sso.namespaces import SAML, SOAP, WSSE, WST, WSU, qualified
from contentlib.vapi.types import DateTime
from vim.soap import Heard
from whole import NAME, PASSWORD, SESSION, START, TOKEN, Whole

STS = "/sts/STSService"
ASSERTION = qualified(SAML, "Assertion")
MINUTE = 60_000


@dataclass(frozen=True)
class Client:
    """A key of a client, and its certificate."""

    key: RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def written(self, directory: Path) -> tuple[str, str]:
        """The files of certificate and key, as pyVmomi and the SDK read them."""
        certificate, key = directory / "client.pem", directory / "client.key"
        certificate.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
        return str(certificate), str(key)


def client(now: datetime.datetime | None = None) -> Client:
    """A new client, whose certificate is valid around the time."""
    now = now or datetime.datetime.fromtimestamp(START / 1000, datetime.UTC)
    key, day = generate_private_key(65537, 2048), datetime.timedelta(days=1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    return Client(key, builder.sign(key, SHA256()))


def timestamp(created: int = START, expires: int | None = None) -> str:
    expires = created + MINUTE if expires is None else expires
    times = f"<wsu:Created>{DateTime(created)}</wsu:Created><wsu:Expires>{DateTime(expires)}</wsu:Expires>"
    return f'<wsu:Timestamp xmlns:wsu="{WSU}" wsu:Id="_time">{times}</wsu:Timestamp>'


def login(name: str = NAME, password: str = PASSWORD) -> str:
    fields = f"<wsse:Username>{escape(name)}</wsse:Username><wsse:Password>{escape(password)}</wsse:Password>"
    return f"<wsse:UsernameToken>{fields}</wsse:UsernameToken>"


def request(kind: str = "Issue", key: str = "Bearer", minutes: float | None = 5, more: str = "", created: int = START) -> str:
    """A RequestSecurityToken."""
    expires = created + int((minutes or 0) * MINUTE)
    times = f"<wsu:Created>{DateTime(created)}</wsu:Created><wsu:Expires>{DateTime(expires)}</wsu:Expires>"
    lifetime = f"<wst:Lifetime>{times}</wst:Lifetime>" if minutes is not None else ""
    return (
        f"<wst:RequestSecurityToken><wst:TokenType>{SAML}</wst:TokenType><wst:RequestType>{WST}/{kind}</wst:RequestType>"
        f"{lifetime}{more}<wst:KeyType>{WST}/{key}</wst:KeyType></wst:RequestSecurityToken>"
    )


def envelope(security: str, body: str) -> bytes:
    return (
        f'<S:Envelope xmlns:S="{SOAP}" xmlns:wsu="{WSU}" xmlns:wst="{WST}"><S:Header>'
        f'<wsse:Security xmlns:wsse="{WSSE}">{security}</wsse:Security></S:Header>'
        f'<S:Body wsu:Id="_body">{body}</S:Body></S:Envelope>'
    ).encode()


def signed(text: bytes, by: Client, *, parts: tuple[str, ...] = ("_time", "_body"), binary: bool = True) -> bytes:
    """An envelope that a client has signed: its timestamp and its body."""
    document = etree.fromstring(text)
    security = document.find(f"{qualified(SOAP, 'Header')}/{qualified(WSSE, 'Security')}")
    assert security is not None
    if binary:
        etree.SubElement(security, qualified(WSSE, "BinarySecurityToken")).text = base64.b64encode(by.der).decode()
    signer = XMLSigner(
        SignatureConstructionMethod.detached, c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    )
    references: Any = [SignatureReference(part) for part in parts]
    security.append(signer.sign(document, key=by.key, cert=[by.certificate], reference_uri=references))
    return etree.tostring(document)


async def post(app: Whole, text: bytes, path: str = STS) -> httpx.Response:
    return await app.client.post(path, content=text, headers={"content-type": "text/xml", TOKEN: ""})


def fault(answer: httpx.Response) -> tuple[str, str]:
    """Code and sentence of a fault."""
    assert answer.status_code == 500, answer.text
    found = etree.fromstring(answer.content)[0][0]
    return str(found.findtext("faultcode")).removeprefix("wst:"), str(found.findtext("faultstring"))


def token_in(answer: httpx.Response) -> str:
    """The token in a response, as it is written there."""
    assert answer.status_code == 200, answer.text
    text = answer.text
    start, end = text.index("<saml2:Assertion"), text.index("</saml2:Assertion>") + len("</saml2:Assertion>")
    return text[start:end]


async def bearer_token(app: Whole, name: str = NAME, password: str = PASSWORD, **more: Any) -> str:
    """A bearer token for a password."""
    return token_in(await post(app, envelope(timestamp() + login(name, password), request(**more))))


async def bound_token(app: Whole, by: Client, **more: Any) -> str:
    """A token for a password that is bound to the key of a client."""
    return token_in(await post(app, signed(envelope(timestamp() + login(), request(key="PublicKey", **more)), by)))


LOGIN_BY_TOKEN = '<LoginByToken xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this></LoginByToken>'


async def login_by_soap(app: Whole, text: bytes) -> Heard:
    """The answer to an envelope at /sdk, without a session."""
    answer = await post(app, text, "/sdk")
    return Heard(answer.status_code, etree.fromstring(answer.content)[0][0], answer.headers, answer.content)


def with_token(token: str, created: int = START, body: str = LOGIN_BY_TOKEN) -> bytes:
    """An envelope with LoginByToken and a token in its header."""
    return envelope(timestamp(created) + token, body)


def sign_header(token: str, by: Client | None = None, *, nonce: str = f"{START}:1", path: str = SESSION, **other: str) -> str:
    """The header `Authorization: SIGN` as govmomi writes it."""
    fields = {"token": base64.b64encode(gzip.compress(token.encode())).decode()}
    if by is not None:
        digest = hashlib.sha256(b"").digest()
        text = f"{nonce}\nPOST\n{path}\nlib.example\n80\n".encode() + digest + b"\n"
        fields |= {
            "signature_alg": "RSA-SHA256",
            "signature": base64.b64encode(by.key.sign(text, PKCS1v15(), SHA256())).decode(),
            "nonce": nonce,
            "bodyhash": base64.b64encode(digest).decode(),
        }
    return "SIGN " + ", ".join(f'{name}="{value}"' for name, value in (fields | other).items())


async def login_by_header(app: Whole, authorization: str, path: str = SESSION) -> httpx.Response:
    return await app.client.post(path, headers={TOKEN: "", "authorization": authorization})


def tree(token: str) -> etree._Element:
    return etree.fromstring(token.encode())
