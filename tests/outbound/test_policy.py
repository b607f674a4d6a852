from __future__ import annotations

import ipaddress
import socket

import pytest

from contentlib.outbound.policy import Forbidden, OutboundPolicy


def _check(policy: OutboundPolicy, host: str, address: str | None = None) -> None:
    policy.check_name(host)
    policy.check(host, ipaddress.ip_address(address or host))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.9.10", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "ff02::1"],
)
def test_addresses_that_reach_what_nobody_outside_reaches_are_refused(address: str) -> None:
    with pytest.raises(Forbidden, match="are blocked; add it to outbound_allow"):
        _check(OutboundPolicy(), address)


@pytest.mark.parametrize("address", ["::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:a9fe:a9fe"])
def test_an_address_that_holds_another_one_is_that_one(address: str) -> None:
    with pytest.raises(Forbidden, match=r"loopback|link-local"):
        _check(OutboundPolicy(), address)


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.1.1", "172.16.0.9", "fd00::1", "8.8.8.8", "2001:db8::1"])
def test_private_networks_and_the_world_are_open(address: str) -> None:
    _check(OutboundPolicy(), address)


def test_an_address_of_this_machine_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # nothing is sent: it tells from which address it would be
        own = probe.getsockname()[0]
    with pytest.raises(Forbidden, match=r"loopback|local address"):
        _check(OutboundPolicy(), own)
    _check(OutboundPolicy([own]), own)


@pytest.mark.parametrize("allowed", ["127.0.0.0/8", "127.0.0.1", "lib.example", "*.example", "LIB.*"])
def test_what_is_allowed_is_open_by_network_or_by_name(allowed: str) -> None:
    _check(OutboundPolicy([allowed]), "lib.example", "127.0.0.1")


@pytest.mark.parametrize("denied", ["10.0.0.0/8", "10.1.2.3", "lib.example", "*.example", "LIB.EXAMPLE"])
def test_what_is_denied_is_closed_even_where_it_is_allowed(denied: str) -> None:
    with pytest.raises(Forbidden, match="are denied"):
        _check(OutboundPolicy(["10.0.0.0/8", "lib.example"], [denied]), "lib.example", "10.1.2.3")


def test_a_pattern_is_for_whole_names() -> None:
    policy = OutboundPolicy(deny=["*.example.org"])
    for open_host in ("example.org", "lib.example.org.evil.test", "libexample.org"):
        _check(policy, open_host, "10.0.0.1")
    with pytest.raises(Forbidden):
        _check(policy, "a.b.example.org.", "10.0.0.1")


def test_the_name_of_the_server_itself_is_refused_before_it_is_resolved() -> None:
    with pytest.raises(Forbidden, match="this server itself"):
        OutboundPolicy(own_hosts=["lib.example"]).check_name("LIB.example")
    OutboundPolicy(["lib.example"], own_hosts=["lib.example"]).check_name("lib.example")


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "127.0.0.1.",
        "\uff11\uff12\uff17.0.0.1",
    ],
)
def test_an_address_is_one_in_every_form_that_resolvers_take(host: str) -> None:
    with pytest.raises(Forbidden, match="loopback"):
        OutboundPolicy().check_name(host)
    with pytest.raises(Forbidden, match="are denied"):
        OutboundPolicy(["127.0.0.0/8"], ["127.0.0.1"]).check_name(host)
    OutboundPolicy(["127.0.0.0/8"]).check_name(host)


@pytest.mark.parametrize("host", ["::7f00:1", "2001:0:7f00:1::80ff:fffe"])
def test_older_forms_of_an_address_in_an_address_are_known(host: str) -> None:
    with pytest.raises(Forbidden, match="loopback"):
        OutboundPolicy().check_name(host)


@pytest.mark.parametrize(
    "host",
    [
        "100.100.100.200",
        "1684301000",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd00:ec2::254%eth0",
        "::ffff:100.100.100.200",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "metadata",
        "instance-data",
    ],
)
def test_metadata_services_of_clouds_are_refused_unless_they_are_allowed(host: str) -> None:
    with pytest.raises(Forbidden, match="cloud metadata service"):
        OutboundPolicy(own_hosts=["lib.example"]).check_name(host)
    OutboundPolicy(["*", "::/0", "0.0.0.0/0"]).check_name(host)
