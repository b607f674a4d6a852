"""Decides which hosts the server may connect to, by allowed and denied networks and host patterns.

Denied hosts are blocked. Other hosts are permitted if they are allowed explicitly. Otherwise loopback, link-local, unspecified
and multicast addresses, cloud metadata services and the server's own addresses are blocked, because they are not reachable from
outside; everything else, including private networks, is permitted. Every notation of an address counts: `2130706433` and
`0x7f.1` are 127.0.0.1.
"""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Iterable
from fnmatch import fnmatchcase

from contentlib.messages import Fault
from contentlib.outbound import messages

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_METADATA = {
    ipaddress.ip_address(each)
    for each in (
        "fd00:ec2::254",  # Amazon
        "fd20:ce::254",  # Google
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure's platform
    )
}
_METADATA_NAMES = {
    "metadata",
    "metadata.goog",
    "metadata.google.internal",
    "metadata.tencentyun.com",
    "metadata.platformequinix.com",
    "metadata.packet.net",
    "instance-data",
    "instance-data.ec2.internal",
}
_METADATA_KIND = "cloud metadata service"
_LONGEST_HOST = 255
_OF_DOCUMENTATION = "192.0.2.1"  # no machine has it


class Forbidden(Exception):
    """A blocked target. The message names the host and the reason."""

    def __init__(self, host: str, fault: Fault) -> None:
        super().__init__(fault.text)
        self.host = host
        self.fault = fault


class OutboundPolicy:
    """Decides about hosts by their name and by the addresses that the name has."""

    def __init__(self, allow: Iterable[str] = (), deny: Iterable[str] = (), own_hosts: Iterable[str] = ()) -> None:
        self._allowed = _Rules(allow)
        self._denied = _Rules(deny)
        self._own = {host.lower() for host in own_hosts}

    def check_name(self, host: str) -> None:
        """Refuses a host by its name, or by the address that it is written as."""
        literal = _literal(host)
        if literal is not None:
            self.check(host, literal)
        elif self._denied.name(host):
            raise Forbidden(host, messages.DENIED(host=host))
        elif _plain(host) in _METADATA_NAMES and not self._allowed.name(host):
            raise Forbidden(host, messages.BLOCKED(kind=_METADATA_KIND, host=host))
        elif host.lower() in self._own and not self._allowed.name(host):
            raise Forbidden(host, messages.BLOCKED(kind="this server itself,", host=host))

    def check(self, host: str, found: IpAddress) -> None:
        """Refuses an address of a host."""
        address = _embedded(found)
        told = f"{host} ({found})" if str(found) != host else host
        if self._denied.name(host) or self._denied.address(address):
            raise Forbidden(host, messages.DENIED(host=told))
        if self._allowed.name(host) or self._allowed.address(address):
            return
        kind = _kind(address)
        if kind is not None:
            raise Forbidden(host, messages.BLOCKED(kind=kind, host=told))


class _Rules:
    """Networks and host patterns, as one list of texts holds them."""

    def __init__(self, rules: Iterable[str]) -> None:
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        self._patterns: list[str] = []
        for rule in rules:
            network = rule_network(rule)
            if network is None:
                self._patterns.append(rule.lower().rstrip("."))
            else:
                self._networks.append(network)

    def name(self, host: str) -> bool:
        name = host.lower().rstrip(".")
        return any(fnmatchcase(name, pattern) for pattern in self._patterns)

    def address(self, address: IpAddress) -> bool:
        return any(address.version == network.version and address in network for network in self._networks)


def rule_network(rule: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Returns the network or single address of a rule, or None for a host pattern."""
    try:
        return ipaddress.ip_network(rule.strip("[]"), strict=False)
    except ValueError:
        literal = _literal(rule)
        return None if literal is None else ipaddress.ip_network(literal)


def _plain(host: str) -> str:
    """A host as resolvers compare it: wide digits and letters are plain ones."""
    return unicodedata.normalize("NFKC", host[:_LONGEST_HOST]).lower().rstrip(".")


def _literal(host: str) -> IpAddress | None:
    """Parses a host as a literal address, in all notations that resolvers accept. None for a name."""
    plain = _plain(host.strip("[]"))
    try:
        return ipaddress.ip_address(plain)
    except ValueError:
        pass  # not in its usual form
    try:
        return ipaddress.IPv4Address(socket.inet_aton(plain))  # decimal, hexadecimal, octal, and fewer than four numbers
    except (OSError, UnicodeEncodeError):
        return None


def _embedded(address: IpAddress) -> IpAddress:
    """The address that is reached through an IPv6 address that only holds an IPv4 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _kind(address: IpAddress) -> str | None:
    """Returns the kind of an address that is blocked by default."""
    if address.is_loopback:
        return "loopback address"
    if address.is_link_local:
        return "link-local address"
    if address.is_unspecified or (address.version == 4 and address in _THIS_NETWORK):
        return "unspecified address"
    if address.is_multicast:
        return "multicast address"
    if type(address)(int(address)) in _METADATA:  # without its zone
        return _METADATA_KIND
    return "local address" if _is_own(address) else None


def _is_own(address: IpAddress) -> bool:
    """Whether this machine has the address: only then a socket can be bound to it."""
    return _binds(str(address)) and not _binds(_OF_DOCUMENTATION)  # if every address can be bound, this proves nothing


def _binds(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
