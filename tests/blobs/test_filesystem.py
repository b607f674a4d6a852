"""The blob store on directories: what is its own beside the contract."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.blobs.guard import check_key
from contentlib.blobs.reserves import DiskReserve
from storages import SERVER, claimed

HOLDING = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from contentlib.blobs.filesystem import FilesystemBlobs
store = FilesystemBlobs({"s": Path(sys.argv[1])})
store.own(sys.argv[2])
with store.stage("s", "u") as staged:
    staged.append(b"half")
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def blobs(tmp_path: Path) -> FilesystemBlobs:
    return claimed(FilesystemBlobs({"s": tmp_path / "storage"}))


def _kept(blobs: FilesystemBlobs, blob: str = "abcd", data: bytes = b"bytes") -> Path:
    with blobs.stage("s", "upload") as staged:
        staged.append(data)
    blobs.keep("s", "upload", blob)
    return blobs.path("s", blob)


def test_a_blob_is_a_read_only_file_of_its_name(blobs: FilesystemBlobs, tmp_path: Path) -> None:
    path = _kept(blobs)
    assert path == tmp_path / "storage" / "blobs" / "ab" / "abcd"
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    assert path.read_bytes() == b"bytes"


def test_nobody_else_on_the_machine_reads_the_storage(blobs: FilesystemBlobs, tmp_path: Path) -> None:
    _kept(blobs)
    found = list((tmp_path / "storage").rglob("*"))
    assert [each for each in found if each.stat().st_mode & 0o007] == []


def test_the_mark_tells_of_every_write(blobs: FilesystemBlobs) -> None:
    path = _kept(blobs)
    marks = {blobs.stat("s", "abcd")}
    path.chmod(0o640)
    path.write_bytes(b"BYTES")
    marks.add(blobs.stat("s", "abcd"))
    os.utime(path, (1, 1))
    marks.add(blobs.stat("s", "abcd"))
    copy = path.with_name("copy")
    copy.write_bytes(b"BYTES")
    os.utime(copy, (1, 1))
    copy.rename(path)
    marks.add(blobs.stat("s", "abcd"))
    assert len(marks) == 4


def test_the_lock_of_a_killed_process_is_free_and_its_bytes_are_there(blobs: FilesystemBlobs, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDING, tmp_path / "storage", SERVER], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(BlockingIOError):
            blobs.stage("s", "u")
        process.send_signal(signal.SIGKILL)
        process.wait()
    with blobs.stage("s", "u") as staged:
        assert staged.size == 4


def test_an_upload_that_becomes_a_blob_while_it_is_opened_is_not_written_to(blobs: FilesystemBlobs) -> None:
    """The file may be renamed between the opening and the lock of another writer; many tries, since that is short."""
    failures: list[BaseException] = []
    numbers = range(200)

    def write(piece: bytes) -> None:
        for number in numbers:
            try:
                with blobs.stage("s", "u") as staged:
                    staged.empty()
                    staged.append(piece)
                    blobs.keep("s", "u", f"{piece.decode()}{number}")
            except BlockingIOError:
                continue
            except BaseException as error:
                failures.append(error)
                raise

    threads = [threading.Thread(target=write, args=(piece,)) for piece in (b"aa", b"bb", b"cc")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    kept = list(blobs.blobs("s"))
    assert kept
    assert [name for name in kept if b"".join(blobs.read("s", name)) != name[:2].encode()] == []


def test_contents_that_are_kept_together_are_read_only_files_of_one_directory(blobs: FilesystemBlobs) -> None:
    paths = [blobs.path("s", each.id) for each in blobs.keep_all("s", [b"one", b"two"])]
    assert [path.read_bytes() for path in paths] == [b"one", b"two"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o440}
    assert len({path.parent for path in paths}) == 1


def test_contents_of_which_one_cannot_be_flushed_are_not_kept(blobs: FilesystemBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    flush, lost = os.fsync, iter([False, True])

    def fsync(file: int) -> None:
        if next(lost, False):
            raise OSError(errno.EIO, "lost")
        flush(file)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="lost"):
        blobs.keep_all("s", [b"one", b"two", b"three"])
    assert list(blobs.blobs("s")) == []


def test_contents_that_are_kept_together_leave_the_reserve_free(tmp_path: Path) -> None:
    blobs = claimed(FilesystemBlobs({"s": tmp_path / "storage"}, reserves={"s": DiskReserve(percent=100, limited=False)}))
    with pytest.raises(OSError, match="No space left on device"):
        blobs.keep_all("s", [b"one"])
    assert list(blobs.blobs("s")) == []


def test_a_text_that_was_half_written_is_listed_for_the_sweep_and_goes_as_others_do(
    blobs: FilesystemBlobs, tmp_path: Path
) -> None:
    directory = tmp_path / "storage" / "items" / "item"
    blobs.describe("s", "item", "one", b"{}")
    for half in (".one", ".two"):
        (directory / half).write_bytes(b"{")
    assert set(blobs.described("s")) == {("item", "one"), ("item", "two")}
    for version in ("one", "two"):
        blobs.undescribe("s", "item", version)
    assert not directory.exists()


def test_a_full_disk_is_told_by_its_number_and_what_was_written_is_counted(blobs: FilesystemBlobs) -> None:
    import resource

    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, old[1]))
    try:
        with blobs.stage("s", "u") as staged:
            staged.append(b"x" * 900)
            with pytest.raises(OSError, match="too large") as caught:
                staged.append(b"x" * 200)
            assert staged.size == blobs.staged_size("s", "u") == 1000
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, before)
    assert caught.value.errno == errno.EFBIG


def test_a_storage_that_is_gone_is_named(tmp_path: Path) -> None:
    blobs = claimed(FilesystemBlobs({"first": tmp_path / "a", "second": tmp_path / "b"}))
    blobs.ping()
    (tmp_path / "b" / "staging").rmdir()
    with pytest.raises(OSError, match="storage second is not writable: "):
        blobs.ping()


def test_a_store_opens_what_another_one_left(blobs: FilesystemBlobs, tmp_path: Path) -> None:
    _kept(blobs)
    again = claimed(FilesystemBlobs({"s": tmp_path / "storage", "new": tmp_path / "new"}))
    assert list(again.blobs("s")) == ["abcd"]
    assert list(again.blobs("new")) == again.uploads("new") == []


@pytest.mark.parametrize("key", ["a", "A9._-x", "x" * 128, "b8a2a2e3-2314-43cd-a871-6ede0f429751"])
def test_plain_names_are_keys(key: str) -> None:
    assert check_key(key) == key


def test_what_is_on_the_disk_of_a_large_upload_leaves_the_memory_while_more_comes(
    blobs: FilesystemBlobs, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_bytes(bytes(1 << 20))
    _write_out(other)
    assert _in_memory(other)
    with other.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    path = blobs.staged_path("s", "upload")
    with blobs.stage("s", "upload") as staged:
        for _ in range(64):
            staged.append(bytes(1 << 20))
            _write_out(path)
        staged.append(bytes(1 << 20))  # advice came with the one before it, which the kernel may have written by then
        assert _in_memory(path) == _in_memory(other)  # there are file systems that are memory
        assert _in_memory(path, staged.size - (1 << 20))


def test_a_file_system_that_takes_no_advice_takes_the_bytes(blobs: FilesystemBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def advise(*_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "posix_fadvise", advise)
    path = _kept(blobs, data=bytes(20 << 20))
    assert path.stat().st_size == 20 << 20


def _write_out(path: Path) -> None:
    with path.open("rb") as file:
        os.fdatasync(file.fileno())


def _in_memory(path: Path, offset: int = 0) -> bool:
    """Whether a byte of a file can be read without asking the disk."""
    with path.open("rb", buffering=0) as file:
        try:
            return os.preadv(file.fileno(), [bytearray(1)], offset, os.RWF_NOWAIT) == 1
        except BlockingIOError:
            return False


def test_the_reserve_of_a_disk_takes_no_bytes_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)

    def statvfs(_: object) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=free, f_blocks=real.f_blocks, f_frsize=1)

    monkeypatch.setattr("contentlib.blobs.filesystem.os.statvfs", statvfs)
    free = 1000
    blobs = claimed(FilesystemBlobs({"s": tmp_path / "storage"}, reserve=600))
    assert blobs.space("s").room == 400
    with blobs.stage("s", "upload") as staged:
        staged.append(bytes(400))
        with pytest.raises(OSError, match="storage_reserve_bytes") as refused:
            staged.append(bytes(401))
        assert (refused.value.errno, staged.size) == (errno.ENOSPC, 400)


def test_the_reserve_is_a_small_part_of_a_small_disk(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    blobs = claimed(FilesystemBlobs({"s": tmp_path / "storage"}, reserve=1 << 60))
    most = disk.f_blocks * disk.f_frsize
    assert blobs.space("s").room > disk.f_bavail * disk.f_frsize - most // 10


def test_a_directory_that_goes_while_it_is_listed_is_left_out(tmp_path: Path) -> None:
    blobs = claimed(FilesystemBlobs({"s": tmp_path}))
    for item in ("one", "two", "three"):
        blobs.describe("s", item, "version", b"{}")
    described = blobs.described("s")
    first = next(described)
    for item in {"one", "two", "three"} - {first[0]}:
        blobs.undescribe("s", item, "version")
    assert list(described) == []


def test_an_upload_drops_its_own_bytes_and_nobody_elses(tmp_path: Path) -> None:
    blobs = claimed(FilesystemBlobs({"s": tmp_path}))
    with blobs.stage("s", "upload") as given_up:
        given_up.append(b"old")
        blobs.keep("s", "upload", "blob")
        with blobs.stage("s", "upload") as successor:
            successor.append(b"new")
            given_up.drop()
            assert blobs.staged_size("s", "upload") == 3
            successor.drop()
            assert blobs.uploads("s") == []


def test_a_blob_that_cannot_be_opened_is_not_taken_for_one_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    blobs = claimed(FilesystemBlobs({"s": tmp_path}))
    with blobs.stage("s", "upload") as staged:
        staged.append(b"bytes")
    blobs.keep("s", "upload", "blob")
    monkeypatch.setattr("contentlib.blobs.filesystem.os.open", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        blobs.stat("s", "blob")
