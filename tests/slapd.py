"""A directory of OpenLDAP's own server, on loopback, with users and nested groups."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import certificates
from processes import eventually

SETUP = Path(__file__).parents[1] / "scripts" / "setup-slapd.sh"
BASE = "dc=corp,dc=example"
PEOPLE = f"ou=people,{BASE}"
GROUPS = f"ou=groups,{BASE}"
READER = f"cn=reader,{BASE}"
READER_PASSWORD = "reads"
SECRET = "right horse"
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])

_CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {directory}/slapd.pid
TLSCertificateFile {certificate}
TLSCertificateKeyFile {certificate}
# an empty password is an anonymous bind, as directories of old let it be
allow bind_anon_cred bind_anon_dn
database mdb
maxsize 16777216
suffix "{base}"
directory {directory}/data
overlay ppolicy
ppolicy_default "cn=lasting,{base}"
ppolicy_use_lockout
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""


def _entry(dn: str, classes: str, **attributes: str | list[str]) -> str:
    lines = [f"dn: {dn}", *(f"objectClass: {each}" for each in classes.split())]
    for name, given in attributes.items():
        lines += [f"{name}: {each}" for each in ([given] if isinstance(given, str) else given)]
    return "\n".join([*lines, "", ""])


def _person(uid: str, dn: str | None = None, **more: str) -> str:
    name = dn or f"uid={uid},{PEOPLE}"
    given = {"cn": f"{uid} of Corp", "sn": uid, "mail": f"{uid}@mail.example", "userPassword": SECRET} | more
    return _entry(name, "inetOrgPerson", uid=uid, **given)


def _policy(name: str, **more: str) -> str:
    return _entry(f"cn={name},{BASE}", "person pwdPolicy", cn=name, sn=name, pwdAttribute="userPassword", **more)


def _group(name: str, *members: str) -> str:
    return _entry(f"cn={name},{GROUPS}", "groupOfNames", cn=name, member=list(members))


def _content() -> str:
    inner, outer, third = (f"cn={each},{GROUPS}" for each in ("inner", "outer", "third"))
    return "".join(
        [
            _entry(BASE, "dcObject organization", dc="corp", o="Corp"),
            _entry(PEOPLE, "organizationalUnit", ou="people"),
            _entry(GROUPS, "organizationalUnit", ou="groups"),
            _entry(READER, "organizationalRole simpleSecurityObject", cn="reader", userPassword=READER_PASSWORD),
            _person("robin", displayName="Robin R."),
            _person("ann"),
            _policy("lasting"),
            _policy("short", pwdMaxAge="1"),
            _policy("reset", pwdMustChange="TRUE"),
            _policy("locks", pwdLockout="TRUE"),
            _person("expired", pwdPolicySubentry=f"cn=short,{BASE}", pwdChangedTime="20200101000000Z"),
            _person("reset", pwdPolicySubentry=f"cn=reset,{BASE}", pwdReset="TRUE"),
            _person("locked", pwdPolicySubentry=f"cn=locks,{BASE}", pwdAccountLockedTime="000001010000Z"),
            _person("o'neil (the *)", f"uid=o'neil (the *),{PEOPLE}"),
            _person("twin", f"cn=twin one,{PEOPLE}", cn="twin one"),
            _person("twin", f"cn=twin two,{PEOPLE}", cn="twin two"),
            _group("inner", f"uid=robin,{PEOPLE}"),
            _group("outer", inner),
            _group("third", outer, f"cn=circle,{GROUPS}"),
            _group("circle", third),
            _group("others", f"uid=ann,{PEOPLE}"),
        ]
    )


@dataclass(frozen=True)
class Slapd:
    """A directory that is running."""

    ldap: int
    ldaps: int
    ca: Path

    def settings(self, **changes: object) -> dict[str, object]:
        """A table `[[ldap]]` for it."""
        return {
            "name": "corp",
            "type": "openldap",
            "urls": [f"ldaps://127.0.0.1:{self.ldaps}"],
            "domains": ["corp.example", "CORP"],
            "ca_file": str(self.ca),
            "bind_dn": READER,
            "bind_password": READER_PASSWORD,
            "user_base": PEOPLE,
            "group_base": GROUPS,
        } | changes


@contextmanager
def running_slapd(directory: Path) -> Iterator[Slapd]:
    """A directory that runs until the block ends; OpenLDAP is installed if it is missing."""
    subprocess.run([SETUP], check=True)
    authority = certificates.make(directory / "ca.pem", authority=True)
    certificates.make(directory / "server.pem", authority)
    (directory / "only-ca.pem").write_text(authority.pem)
    (directory / "data").mkdir()
    configuration = directory / "slapd.conf"
    configuration.write_text(_CONFIGURATION.format(directory=directory, certificate=directory / "server.pem", base=BASE))
    environment = {**os.environ, "PATH": _PATH}
    loading = ["slapadd", "-q", "-f", str(configuration)]
    subprocess.run(loading, input=_content(), text=True, env=environment, check=True, capture_output=True)
    slapd = Slapd(*_free_ports(), directory / "only-ca.pem")
    urls = f"ldap://127.0.0.1:{slapd.ldap}/ ldaps://127.0.0.1:{slapd.ldaps}/ ldaps://127.0.0.2:{slapd.ldaps}/"
    command = ["slapd", "-d", "0", "-f", str(configuration), "-h", urls]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        assert eventually(lambda: _answers(slapd.ldaps))
        yield slapd
    finally:
        process.kill()
        process.wait()


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
