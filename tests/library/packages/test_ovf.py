from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.errors import Fault
from contentlib.library.packages.checks import Findings
from contentlib.library.packages.ovf import BadPackage, Disk, Referenced, read_descriptor, read_manifest
from packages import descriptor, manifest


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.vmware.com/schema/ovf/1/envelope",
        "http://schemas.dmtf.org/ovf/envelope/1",
        "http://schemas.dmtf.org/ovf/envelope/2",
    ],
)
def test_a_descriptor_of_any_version_is_read(namespace: str) -> None:
    found = read_descriptor("a.ovf", descriptor({"disk1.vmdk": 7, "b.iso": None}, namespace))
    assert found.references == (Referenced("disk1.vmdk", 7), Referenced("b.iso"))
    assert (found.systems, found.networks, found.collection) == (("tiny",), ("VM Network",), False)
    assert (found.disks, found.lost) == ((Disk("d1", "f1"),), ())


def test_a_file_somewhere_else_is_none_of_the_package() -> None:
    assert read_descriptor("a.ovf", descriptor({"http://example.test/disk.vmdk": 1})).references == ()


@pytest.mark.parametrize(
    ("size", "chunk", "names"),
    [
        (10, 4, ["d.vmdk.000000000", "d.vmdk.000000001", "d.vmdk.000000002"]),
        (8, 4, ["d.vmdk.000000000", "d.vmdk.000000001"]),
        (0, 4, ["d.vmdk.000000000"]),
        (8, None, ["d.vmdk"]),
        (None, 4, ["d.vmdk.000000000"]),
    ],
)
def test_a_file_in_chunks_has_a_name_for_each(size: int | None, chunk: int | None, names: list[str]) -> None:
    assert Referenced("d.vmdk", size, chunk).names() == names


def test_a_file_in_chunks_without_a_size_is_those_that_follow_one_another() -> None:
    there = [f"d.vmdk.00000000{number}" for number in (0, 1, 3)]
    assert Referenced("d.vmdk", None, 4).names(there) == there[:2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"<Envelope>\n <References>", r"is not an OVF descriptor: XML is not well-formed: .*line 2"),
        (b"<html/>", "root element is 'html', expected 'Envelope'"),
        (b"<!DOCTYPE a><Envelope/>", "XML with a DOCTYPE is not accepted"),
        (b"<Envelope><References>\n<File/></References></Envelope>", "has a reference without href at line 2"),
        (b'<Envelope><References><File href="a" size="-1"/></References></Envelope>', "has an invalid size '-1' at line 1"),
        (b'<Envelope><References><File href="a" chunkSize="0"/></References></Envelope>', "has an invalid chunkSize '0'"),
        (
            b'<Envelope><References><File href="a" size="999999999999" chunkSize="1"/></References></Envelope>',
            "references more than 10000 files or chunks at line 1",
        ),
        (
            b"<Envelope><References>" + b'<File href="a" size="6000" chunkSize="1"/>\n' * 2 + b"</References></Envelope>",
            "references more than 10000 files or chunks at line 2",
        ),
        (b"", "is not an OVF descriptor"),
    ],
)
def test_a_descriptor_that_cannot_be_read_says_where(text: bytes, told: str) -> None:
    with pytest.raises(BadPackage, match=f"file 'a.ovf' {told}" if told.startswith(("is", "says", "has a ref")) else told):
        read_descriptor("a.ovf", text)


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
@pytest.mark.parametrize(
    "form", ["{algorithm}({name})= {digits}\n", "{algorithm} ({name}) = {digits}\r\n", "{algorithm}({name})={digits}\n"]
)
def test_a_manifest_is_read_in_every_spelling(algorithm: str, form: str) -> None:
    found = read_manifest("a.mf", manifest({"a b(1).vmdk": b"x", "a.ovf": b"y"}, algorithm, form))
    assert list(found) == ["a b(1).vmdk", "a.ovf"]
    assert found["a.ovf"].algorithm is Algorithm(algorithm)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_a_manifest_is_read_as_openssl_writes_it(tmp_path: Path, algorithm: str) -> None:
    (tmp_path / "a b.vmdk").write_bytes(b"disk")
    command = ["openssl", "dgst", f"-{algorithm}", "./a b.vmdk"]
    text = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, check=True).stdout
    expected = Checksum(Algorithm(algorithm.upper()), hashlib.new(algorithm, b"disk").hexdigest())
    assert read_manifest("a.mf", text) == {"a b.vmdk": expected}


def test_a_reference_may_say_that_it_is_here() -> None:
    assert read_descriptor("a.ovf", descriptor({"./disk1.vmdk": 7})).references == (Referenced("disk1.vmdk", 7),)


def test_digits_of_a_manifest_may_be_capitals() -> None:
    found = read_manifest("a.mf", b"SHA1(a)= " + b"AB" * 20)
    assert found == {"a": Checksum(Algorithm.SHA1, "ab" * 20)}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"hello", "is not a manifest: line 2 is 'hello'"),
        (b"SHA1(a)= " + b"zz" * 20, r"is not a manifest: line 2 is 'SHA1\(a\)= zzz"),
        (b"MD5(a)= " + b"ab" * 16, "has an unsupported checksum 'MD5' at line 2; supported: SHA1, SHA256, SHA512"),
        (b"SHA3-256(a)= " + b"ab" * 32, "has an unsupported checksum 'SHA3-256' at line 2; supported: SHA1, SHA256, SHA512"),
        (b"SHA256(a)= abcd", "has a SHA256 checksum of 4 digits at line 2, expected 64"),
    ],
)
def test_a_line_that_is_none_is_told_with_its_number(line: bytes, told: str) -> None:
    with pytest.raises(BadPackage, match=f"file 'a.mf' {told}"):
        read_manifest("a.mf", b"\n" + line + b"\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_manifest_is_read_as_windows_writes_it(encoding: str, end: str) -> None:
    text = manifest({"größe 1.vmdk": b"x", "a.ovf": b"y"}).decode().replace("\n", end)
    assert list(read_manifest("a.mf", text.encode(encoding))) == ["größe 1.vmdk", "a.ovf"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_a_descriptor_is_read_in_the_encoding_that_it_states(encoding: str) -> None:
    stated = encoding.removesuffix("-sig")
    text = descriptor({"größe 1.vmdk": 7}).decode().replace("UTF-8", stated).replace("\n", "\r\n")
    assert read_descriptor("a.ovf", text.encode(encoding)).references == (Referenced("größe 1.vmdk", 7),)


def test_a_disk_without_a_file_is_empty_and_one_whose_file_is_unknown_is_lost() -> None:
    text = descriptor({"a.vmdk": 7}).replace(
        b"</DiskSection>", b'<Disk diskId="d2"/><Disk diskId="d3" fileRef="f9"/></DiskSection>'
    )
    found = read_descriptor("a.ovf", text)
    assert found.disks == (Disk("d1", "f1"), Disk("d2"), Disk("d3", "f9"))
    assert found.lost == (Disk("d3", "f9"),)


def test_a_disk_in_a_file_somewhere_else_is_not_lost() -> None:
    assert read_descriptor("a.ovf", descriptor({"http://example.test/disk.vmdk": 1})).lost == ()


@settings(max_examples=200, derandomize=True)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail_otherwise(text: bytes) -> None:
    for read in (read_descriptor, read_manifest):
        try:
            read("a", text)
        except BadPackage as error:
            assert error.name == "a"


def test_of_very_much_that_is_wrong_the_first_is_told_and_how_much_more_there_is() -> None:
    missing = tuple(f"{n}.vmdk" for n in range(40))
    invalid = tuple((f"{n}.txt", Fault("x", f"{n} is wrong")) for n in range(40))
    told = Findings(missing, invalid).problems()
    assert "9 is wrong" in told
    assert "10 is wrong" not in told
    assert told[-1] == "and 30 more"
    assert Findings(missing[:1]).problems() == ["file '0.vmdk' is referenced by the descriptor but missing; add it"]


@pytest.mark.parametrize(
    "inner",
    [b"<a/>" * 300_000, b"<a " + b" ".join(b"a%d=''" % n for n in range(300_000)) + b"/>"],
    ids=["elements", "attributes"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_descriptor_that_would_take_hundreds_of_times_its_size_is_refused(inner: bytes, encoding: str) -> None:
    text = (b"<Envelope>" + inner + b"</Envelope>").decode().encode(encoding)
    with pytest.raises(BadPackage, match="has more than 200000 tags or 200000 attributes"):
        read_descriptor("a.ovf", text)


@pytest.mark.parametrize("space", ["", " " * 10_000])
def test_a_descriptor_whose_signs_cannot_be_counted_is_refused(space: str) -> None:
    text = f'<?xml version="1.0"{space} encoding="utf-7"?><Envelope/>'
    with pytest.raises(BadPackage, match="unsupported XML encoding 'utf-7'; use UTF-8"):
        read_descriptor("a.ovf", text.encode())
    with pytest.raises(BadPackage, match="XML declaration is not closed"):
        read_descriptor("a.ovf", text.replace(" encoding", " " * 100_000 + "encoding").encode())
    with pytest.raises(BadPackage, match="XML does not begin with '<'"):
        read_descriptor("a.ovf", text.replace("utf-7", "cp037").encode("cp037"))


def test_a_manifest_of_too_many_files_is_refused() -> None:
    text = b"".join(b"SHA1(%d)= %040d\n" % (n, n) for n in range(10_001))
    with pytest.raises(BadPackage, match="lists more than 10000 files at line 10001"):
        read_manifest("a.mf", text)
