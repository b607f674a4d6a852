from __future__ import annotations

import tarfile
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentlib.library.packages.tar import BadArchive, Begin, End, Piece, TarReader
from packages import archive

FILES = {"a.ovf": b"descriptor", "b.vmdk": b"x" * 1500, "empty": b""}


def unpacked(data: bytes, step: int | None = None) -> dict[str, bytes]:
    """What a reader finds that is fed `step` bytes at a time."""
    reader = TarReader()
    found: dict[str, bytes] = {}
    name = ""
    whole: list[str] = []
    for at in range(0, len(data), step or len(data)):
        for event in reader.feed(data[at : at + (step or len(data))]):
            match event:
                case Begin():
                    name = event.name
                    found[name] = b""
                case Piece():
                    found[name] += event.data
                case End():
                    whole.append(name)
    reader.close()
    assert whole == list(found)
    return found


@pytest.mark.parametrize("step", [None, 1, 7, 512, 513])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_an_archive_is_read_in_pieces_of_any_size(form: int, step: int | None) -> None:
    assert unpacked(archive(FILES, form), step) == FILES


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names_are_read(form: int) -> None:
    files = {"n" * 200 + ".vmdk": b"long", "größe.ovf": b"foreign"}
    assert unpacked(archive(files, form), 100) == files


def test_a_name_that_begins_with_the_current_directory_is_a_name() -> None:
    directory = tarfile.TarInfo("./")
    directory.type = tarfile.DIRTYPE
    entry = tarfile.TarInfo("./a.ovf")
    entry.size = 1
    assert unpacked(archive([(directory, b""), (entry, b"x")])) == {"a.ovf": b"x"}


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "dir/a", "..", "a\\b", "x" * 300, "a\nb"])
def test_a_path_is_refused(name: str) -> None:
    with pytest.raises(BadArchive, match="is not a plain file name \\(at byte"):
        unpacked(archive({name: b"x"}, tarfile.PAX_FORMAT))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
        (b"Q", "an entry of type"),
    ],
)
def test_what_is_no_file_is_refused(kind: bytes, told: str) -> None:
    header = bytearray(archive({"a": b""})[:512])
    header[156:157] = kind
    header[148:156] = b"        "
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    with pytest.raises(BadArchive, match=f"'a' is {told}"):
        unpacked(bytes(header) + b"\0" * 1024)


def test_a_sparse_file_of_a_posix_archive_is_refused() -> None:
    entry = tarfile.TarInfo("a")
    entry.pax_headers = {"GNU.sparse.major": "1"}
    with pytest.raises(BadArchive, match="is a sparse file"):
        unpacked(archive([(entry, b"")], tarfile.PAX_FORMAT))


@pytest.mark.parametrize("end", [1, 511, 600, 1024 + 1499])
def test_an_archive_that_ends_too_early_is_refused(end: int) -> None:
    with pytest.raises(BadArchive, match=f"truncated at byte {end}"):
        unpacked(archive(FILES)[:end])


def test_an_archive_may_lack_the_blocks_at_its_end() -> None:
    assert unpacked(archive({"a": b"x" * 512})[:1024]) == {"a": b"x" * 512}


def test_bytes_after_the_end_are_of_no_matter() -> None:
    assert unpacked(archive(FILES) + b"junk" * 1000) == FILES


@pytest.mark.parametrize("data", [b"", b"\0" * 1024])
def test_an_archive_without_files_is_refused(data: bytes) -> None:
    with pytest.raises(BadArchive, match="it contains no files"):
        unpacked(data, 512)


def test_a_file_that_is_there_twice_is_refused() -> None:
    entries = [(tarfile.TarInfo("a"), b""), (tarfile.TarInfo("a"), b"")]
    with pytest.raises(BadArchive, match="duplicate file 'a'"):
        unpacked(archive(entries))


@pytest.mark.parametrize("record", [b"9 path=a", b"path=a\n", b"99 path=a\n", b"-1 a=b\n", b"x" * 20])
def test_a_broken_extended_header_is_refused(record: bytes) -> None:
    entry = tarfile.TarInfo("ext")
    entry.type, entry.size = tarfile.XHDTYPE, len(record)
    data = entry.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0") + archive({"a": b""})
    with pytest.raises(BadArchive):
        unpacked(data)


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.XHDTYPE])
def test_a_size_below_zero_is_refused(kind: bytes) -> None:
    header = _signed(kind, b"\xff" * 11 + b"\xfb")
    with pytest.raises(BadArchive, match="'a' has an invalid size -5"):
        unpacked(header + b"x" * 1024)


def _signed(kind: bytes, size: bytes) -> bytes:
    """The header of an entry with a size in its binary form."""
    header = bytearray(archive({"a": b""})[:512])
    header[124:136], header[156:157] = size, kind
    header[148:156] = b"        "
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return bytes(header)


def test_extended_headers_without_a_file_do_not_fill_the_memory() -> None:
    reader = TarReader()
    tracemalloc.start()
    for n in range(100):
        entry = tarfile.TarInfo("ext")
        key = f"vendor.{n:08d}={'x' * 20_000}\n"
        record = f"{len(key) + 6} {key}".encode()
        entry.type, entry.size = tarfile.XHDTYPE, len(record)
        assert list(reader.feed(entry.tobuf(tarfile.USTAR_FORMAT) + record + bytes(-len(record) % 512))) == []
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 500_000


def test_many_small_records_are_read_in_good_time() -> None:
    record = b"5 a=\n" * 200_000
    entry = tarfile.TarInfo("ext")
    entry.type, entry.size = tarfile.XHDTYPE, len(record)
    data = entry.tobuf(tarfile.USTAR_FORMAT) + record + bytes(-len(record) % 512) + archive({"a": b"x"})
    began = time.process_time()
    assert unpacked(data) == {"a": b"x"}
    assert time.process_time() - began < 5  # it takes a tenth of that; read from the front each time, it took ten


@settings(max_examples=200, derandomize=True)
@given(st.binary(max_size=3000), st.integers(0, 2000), st.binary(max_size=600))
def test_no_bytes_make_it_fail_otherwise(data: bytes, at: int, junk: bytes) -> None:
    whole = archive(FILES)
    for each in (data, whole[:at] + junk + whole[at + len(junk) :]):
        try:
            unpacked(each, 300)
        except BadArchive as error:
            assert "at byte" in str(error)


@pytest.mark.parametrize("path", ["._a.ovf", "./._a.ovf", "__MACOSX/._a.ovf", "./__MACOSX/a.ovf"])
@pytest.mark.parametrize("step", [None, 100])
def test_what_macos_adds_is_left_out(path: str, step: int | None) -> None:
    data = archive({path: b"\0\5\x16\7" + bytes(700), "a.ovf": b"descriptor", "._b.vmdk": b""})
    assert unpacked(data, step) == {"a.ovf": b"descriptor"}


@pytest.mark.parametrize("step", [1, 7, 513, 5000])
def test_all_bytes_that_are_not_of_a_file_are_handed_on_in_their_order(step: int) -> None:
    data = archive({"a.ovf": b"descriptor" * 100, "._a.ovf": b"left out", "b.vmdk": b""}, tarfile.PAX_FORMAT) + b"after"
    framed: list[bytes] = []
    reader = TarReader(framed=framed.append)
    for at in range(0, len(data), step):
        # read as it is framed, which is what is looked at
        framed.extend(event.data for event in reader.feed(data[at : at + step]) if isinstance(event, Piece))
    assert b"".join(framed) == data


def test_an_archive_of_too_many_files_is_refused() -> None:
    reader = TarReader(most=2)
    with pytest.raises(BadArchive, match="more than 2 files"):
        list(reader.feed(archive(dict.fromkeys("abc", b""))))
