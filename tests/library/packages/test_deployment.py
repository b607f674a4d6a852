"""What is read of a descriptor for a deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

import packages
from contentlib.library.packages.deployment import (
    Addressing,
    Choice,
    ExtraSetting,
    OtherSection,
    Property,
    Sizes,
    read_deployment,
)
from contentlib.library.packages.ovf import BadPackage, read_descriptor

WILD = Path(__file__).parents[2] / "data" / "wild"
FULL = b"""<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References><File ovf:id="f1" ovf:href="a.vmdk" ovf:size="100"/>
    <File ovf:id="f2" ovf:href="b.iso" ovf:size="11"/></References>
  <DiskSection><Info>disks</Info>
    <Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="2" ovf:capacityAllocationUnits="byte * 2^30" ovf:populatedSize="70"/>
    <Disk ovf:diskId="d2" ovf:capacity="1" ovf:capacityAllocationUnits="MegaBytes" ovf:populatedSize="0"/>
  </DiskSection>
  <NetworkSection><Info>nets</Info><Network ovf:name="inside"/><!-- none --><Network ovf:name="outside"/></NetworkSection>
  <DeploymentOptionSection><Info>sizes</Info>
    <Configuration ovf:id="small"><Label ovf:msgid="small.label"/><Description>for tests</Description></Configuration>
    <Configuration ovf:id="large" ovf:default="true"><Label>Large</Label><Description>for work</Description></Configuration>
  </DeploymentOptionSection>
  <vmw:StorageGroupSection ovf:required="false" vmw:id="group1" vmw:name="gold"><Info>fast</Info></vmw:StorageGroupSection>
  <vmw:IpAssignmentSection ovf:required="false" ovf:protocols="IPv4,IPv6" ovf:schemes="dhcp ovfenv"/>
  <x:LightSection xmlns:x="http://example.com/x" ovf:required="false"><Info>of the lamp</Info></x:LightSection>
  <VirtualSystem ovf:id="vm-1">
    <Info>a machine</Info><Name>tiny</Name>
    <EulaSection><Info/><License>first</License></EulaSection>
    <EulaSection><Info/><License ovf:msgid="eula"/></EulaSection>
    <AnnotationSection><Info/><Annotation>what it is</Annotation></AnnotationSection>
    <ProductSection ovf:class="vami" ovf:instance="vm1"><Info/>
      <Category vmw:uioptional="true">Network</Category>
      <Property ovf:key="ip" ovf:type="string" ovf:userConfigurable="true" ovf:value="10.0.0.1"><Label>IP</Label></Property>
      <Property ovf:key="dns" ovf:type="string"><Label>DNS</Label><Description>a server</Description>
        <Value ovf:value="10.0.0.2"/></Property>
    </ProductSection>
    <VirtualHardwareSection><vmw:ExtraConfig ovf:required="false" vmw:key="svga" vmw:value="TRUE"/></VirtualHardwareSection>
  </VirtualSystem>
  <Strings xml:lang="en-US"><Msg ovf:msgid="eula">second</Msg><Msg ovf:msgid="small.label">Small</Msg></Strings>
  <Strings xml:lang="de-DE"><Msg ovf:msgid="eula">zweite</Msg></Strings>
</Envelope>
"""


def test_all_that_a_descriptor_says_is_read() -> None:
    found = read_deployment("a.ovf", FULL)
    assert (found.name, found.annotation) == ("tiny", "what it is")
    assert found.eulas == ("first", "second")
    assert found.networks == ("inside", "outside")
    assert found.storage_groups == ("group1",)
    assert found.choices == (Choice("small", "Small", "for tests", False), Choice("large", "Large", "for work", True))
    assert found.properties == (
        Property("vami", "vm1", "ip", "string", "10.0.0.1", "IP", None, "Network", True),
        Property("vami", "vm1", "dns", "string", "10.0.0.2", "DNS", "a server", None, None),
    )
    assert found.settings == (ExtraSetting("svga", "TRUE", "vm-1"),)
    assert found.addressing == Addressing(("dhcp", "ovfenv"), ("IPv4", "IPv6"))
    assert found.sizes == Sizes(111, (2 << 30) + (1 << 20), 70, False)
    assert found.others == (OtherSection("{http://example.com/x}LightSection", "of the lamp"),)


def test_what_a_descriptor_does_not_say_is_left_open() -> None:
    found = read_deployment("a.ovf", b'<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>')
    assert (found.name, found.annotation, found.addressing) == (None, None, None)
    assert not (found.eulas or found.networks or found.choices or found.others)
    assert found.sizes == Sizes(None, None, None, False)


def test_a_disk_whose_size_a_property_says_leaves_the_sum_open() -> None:
    text = packages.descriptor({"a.vmdk": 5}).replace(b'ovf:capacity="1"', b'ovf:capacity="${size}"')
    assert read_deployment("a.ovf", text).sizes == Sizes(5, None, None, True)


@pytest.mark.parametrize("size", ["9" * 18, "9" * 40, "-1", "x", ""])
def test_a_size_of_any_length_is_a_number_of_the_api_or_none(size: str) -> None:
    text = packages.descriptor({"a.vmdk": 5}).replace(b'ovf:capacity="1"', f'ovf:capacity="{size}"'.encode())
    text = text.replace(b"ovf:diskId", b'ovf:capacityAllocationUnits="byte * 2^99" ovf:diskId')
    assert read_deployment("a.ovf", text).sizes.full in (None, 2**63 - 1)


@pytest.mark.parametrize("text", [b"", b"<a/>", b"<Envelope>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><Envelope>&b;</Envelope>"])
def test_what_is_no_descriptor_is_refused_with_its_name(text: bytes) -> None:
    with pytest.raises(BadPackage, match=r"file 'a\.ovf' is not an OVF descriptor"):
        read_deployment("a.ovf", text)


@pytest.mark.parametrize("file", sorted(WILD.rglob("*.ovf")), ids=lambda file: str(file.relative_to(WILD)))
def test_descriptors_of_others_are_read(file: Path) -> None:
    if file.name == "wrong_xml.ovf":
        with pytest.raises(BadPackage, match="line 71, column 7"):
            read_deployment(file.name, file.read_bytes())
        return
    found = read_deployment(file.name, file.read_bytes())
    known = read_descriptor(file.name, file.read_bytes())
    assert found.networks == known.networks
    assert tuple(each.id for each in found.choices) == known.configurations
    assert tuple(each.key for each in found.properties) == known.properties
    assert len(found.eulas) == known.eulas


def test_a_router_with_choices_and_properties_is_read_whole() -> None:
    found = read_deployment("csr1000v.ovf", (WILD / "cot" / "csr1000v.ovf").read_bytes())
    assert (found.name, len(found.choices)) == ("Cisco CSR 1000V Cloud Services Router", 4)
    assert [each.id for each in found.choices if each.default] == ["1CPU-4GB"]
    assert {each.key for each in found.properties} >= {"hostname", "login-username", "mgmt-ipv4-addr"}
    assert any(each.category for each in found.properties)
    assert found.sizes == Sizes(513024, 1 << 30, 293011456, False)
