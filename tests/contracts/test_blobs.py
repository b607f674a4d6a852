"""What every blob store must do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contentlib.library.ports import (
    BlobStore,
    Description,
    Descriptions,
    Strays,
    Sweep,
    descriptions_of,
    small_files_of,
    strays_of,
)

A, B = "datastore-1", "datastore-2"


def _described(blobs: BlobStore, storage: str = A) -> Descriptions:
    found = descriptions_of(blobs, storage)
    assert found is not None
    return found


def _staged(blobs: BlobStore, upload: str, *pieces: bytes, storage: str = A) -> None:
    with blobs.stage(storage, upload) as staged:
        for piece in pieces:
            staged.append(piece)


def _kept(blobs: BlobStore, blob: str, data: bytes) -> str:
    _staged(blobs, "upload", data)
    return blobs.keep(A, "upload", blob).mark


def test_an_upload_grows_by_what_is_appended_also_when_it_is_opened_again(blobs: BlobStore) -> None:
    _staged(blobs, "u", b"one", b"", b"two")
    with blobs.stage(A, "u") as staged:
        assert staged.size == 6
        staged.append(b"three")
        assert staged.size == 11
        assert blobs.staged_size(A, "u") == 11
    assert b"".join(blobs.staged_bytes(A, "u")) == b"onetwothree"


def test_the_first_bytes_of_an_upload_are_had_by_themselves(blobs: BlobStore) -> None:
    _staged(blobs, "u", b"one", b"two")
    assert [blobs.staged_start(A, "u", most) for most in (4, 100)] == [b"onet", b"onetwo"]
    assert blobs.staged_start(A, "gone", 4) == b""


def test_an_upload_that_was_emptied_starts_anew(blobs: BlobStore) -> None:
    _staged(blobs, "u", b"old and long")
    with blobs.stage(A, "u") as staged:
        staged.empty()
        assert staged.size == blobs.staged_size(A, "u") == 0
        staged.append(b"new")
    assert b"".join(blobs.staged_bytes(A, "u")) == b"new"


def test_an_upload_of_which_nothing_was_stored_is_new(blobs: BlobStore) -> None:
    with blobs.stage(A, "u") as staged:
        assert staged.is_new
        staged.append(b"x")
    with blobs.stage(A, "u") as staged:
        assert not staged.is_new


def test_an_upload_survives_the_store(blobs: BlobStore, another_blobs: Callable[[], BlobStore]) -> None:
    _staged(blobs, "u", b"bytes")
    assert another_blobs().staged_size(A, "u") == 5


def test_an_upload_has_one_writer_at_a_time(blobs: BlobStore, another_blobs: Callable[[], BlobStore]) -> None:
    with blobs.stage(A, "u") as staged:
        staged.append(b"x")
        for second in (blobs, another_blobs()):
            with pytest.raises(BlockingIOError):
                second.stage(A, "u")
        with blobs.stage(A, "other"), blobs.stage(B, "u"):
            pass
    with another_blobs().stage(A, "u") as staged:
        assert staged.size == 1


def test_a_mark_lasts_until_a_writer_changes_the_bytes(blobs: BlobStore, another_blobs: Callable[[], BlobStore]) -> None:
    with blobs.stage(A, "u") as staged:
        staged.append(b"one")
        mark = staged.stamp()
    assert mark
    with another_blobs().stage(A, "u") as unchanged:
        assert unchanged.mark == mark
        unchanged.empty()
        unchanged.append(b"two")  # as many bytes, at once
    with blobs.stage(A, "u") as changed:
        assert changed.mark != mark


def test_a_writer_that_fails_lets_go_of_the_upload(blobs: BlobStore) -> None:
    with pytest.raises(ZeroDivisionError), blobs.stage(A, "u"):
        raise ZeroDivisionError
    with blobs.stage(A, "u") as staged:
        assert staged.size == 0


def test_what_is_not_there_has_no_size_no_stat_and_no_bytes(blobs: BlobStore) -> None:
    assert blobs.staged_size(A, "gone") == 0
    assert blobs.stat(A, "gone") is None
    for read in (blobs.read, blobs.staged_bytes):
        with pytest.raises(FileNotFoundError):
            list(read(A, "gone"))
    for act in (blobs.flush, lambda storage, name: blobs.keep(storage, name, "blob")):
        with pytest.raises(FileNotFoundError):
            act(A, "gone")


def test_what_is_not_there_can_be_dropped(blobs: BlobStore) -> None:
    blobs.discard(A, "gone")
    blobs.remove(A, "gone")


def test_a_description_that_is_not_there_can_be_dropped(able: BlobStore) -> None:
    _described(able).undescribe(A, "gone", "gone")


def test_a_storage_that_is_not_configured_has_nothing_and_takes_nothing(blobs: BlobStore) -> None:
    assert blobs.stat("no-storage", "blob") is None
    blobs.remove("no-storage", "blob")
    with pytest.raises(OSError, match="no-storage"):
        blobs.stage("no-storage", "u")
    with pytest.raises(OSError, match="no-storage"):
        list(blobs.read("no-storage", "blob"))


def test_a_discarded_upload_is_gone_also_while_somebody_writes_it(blobs: BlobStore) -> None:
    with blobs.stage(A, "u") as staged:
        staged.append(b"lost")
        blobs.discard(A, "u")
        staged.append(b"lost")
    assert blobs.uploads(A) == []
    with blobs.stage(A, "u") as staged:
        assert staged.size == 0


def test_uploads_are_listed_by_storage_until_they_are_kept(blobs: BlobStore) -> None:
    _staged(blobs, "one", b"1")
    _staged(blobs, "two", b"2")
    _staged(blobs, "three", b"3", storage=B)
    assert sorted(blobs.uploads(A)) == ["one", "two"]
    assert blobs.uploads(B) == ["three"]
    blobs.keep(A, "one", "blob")
    assert blobs.uploads(A) == ["two"]
    assert (list(blobs.blobs(A)), list(blobs.blobs(B))) == (["blob"], [])


def test_a_kept_upload_is_a_blob_with_its_bytes_and_its_mark(blobs: BlobStore) -> None:
    data = bytes(range(256)) * 10_000
    mark = _kept(blobs, "blob", data)
    blobs.flush(A, "blob")
    assert blobs.stat(A, "blob") == (len(data), mark)
    assert b"".join(blobs.read(A, "blob")) == data
    assert blobs.staged_size(A, "upload") == 0


def test_an_empty_upload_is_an_empty_blob(blobs: BlobStore) -> None:
    mark = _kept(blobs, "blob", b"")
    assert blobs.stat(A, "blob") == (0, mark)
    assert b"".join(blobs.read(A, "blob")) == b""


def test_an_upload_kept_under_the_name_of_a_blob_replaces_it_and_the_mark_tells(blobs: BlobStore) -> None:
    first = _kept(blobs, "blob", b"damaged")
    second = _kept(blobs, "blob", b"right")
    assert first != second
    assert blobs.stat(A, "blob") == (5, second)
    assert list(blobs.blobs(A)) == ["blob"]


def test_a_reader_ends_with_the_bytes_that_it_began_with(blobs: BlobStore) -> None:
    data = bytes(5 << 20)
    _kept(blobs, "blob", data)
    reading = blobs.read(A, "blob")
    begun = next(reading)
    blobs.remove(A, "blob")
    assert blobs.stat(A, "blob") is None
    assert begun + b"".join(reading) == data


def test_an_upload_can_be_written_again_after_it_was_kept(blobs: BlobStore) -> None:
    with blobs.stage(A, "u") as staged:
        staged.append(b"first")
        blobs.keep(A, "u", "blob")
    with blobs.stage(A, "u") as staged:
        assert staged.size == 0
        staged.append(b"second")
    assert b"".join(blobs.read(A, "blob")) == b"first"


def test_texts_are_written_replaced_and_dropped_one_by_one(able: BlobStore) -> None:
    texts = _described(able)
    texts.describe(A, "item", "one", b"{}")
    texts.describe(A, "item", "one", b"[]")
    texts.describe(A, "item", "two", b"{}")
    _described(able, B).describe(B, "other", "one", b"{}")
    assert sorted(texts.described(A)) == [("item", "one"), ("item", "two")]
    texts.undescribe(A, "item", "one")
    texts.undescribe(A, "item", "one")
    assert list(texts.described(A)) == [("item", "two")]
    assert list(_described(able, B).described(B)) == [("other", "one")]


def test_contents_that_are_kept_together_are_blobs_like_others(able: BlobStore) -> None:
    small = small_files_of(able, A)
    if small is None:
        pytest.skip("the storage has no such ability")
    contents = [b"one", b"", b"one", bytes(5000)]
    kept = small.keep_all(A, contents)
    assert [b"".join(able.read(A, each.id)) for each in kept] == contents
    assert {each.id for each in kept} == set(able.blobs(A))
    for each, content in zip(kept, contents, strict=True):
        assert able.stat(A, each.id) == (len(content), each.mark)
        assert each.unflushed is None


def test_texts_that_are_written_together_are_texts_like_others(able: BlobStore) -> None:
    texts, small = _described(able), small_files_of(able, A)
    if small is None:
        pytest.skip("the storage has no such ability")
    texts.describe(A, "item", "one", b"{}")
    small.describe_all(
        A, [Description("item", version, b"[]") for version in ("one", "two")] + [Description("new", "v", b"{}")]
    )
    assert sorted(texts.described(A)) == [("item", "one"), ("item", "two"), ("new", "v")]


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc/passwd", "a\0b", "x" * 300, "é", "\ud800", "-x"], ids=ascii)
def test_names_that_are_no_keys_touch_nothing(blobs: BlobStore, name: str) -> None:
    for act in (blobs.stage, blobs.stat, blobs.read, blobs.remove, blobs.discard, blobs.flush, blobs.staged_size):
        with pytest.raises(ValueError, match="is not a key of a blob store"):
            act(A, name)


@pytest.mark.parametrize("name", ["", "..", "a/b"], ids=ascii)
def test_descriptions_of_names_that_are_no_keys_are_not_written(able: BlobStore, name: str) -> None:
    texts = _described(able)
    for item, version in ((name, "version"), ("item", name)):
        with pytest.raises(ValueError, match="is not a key of a blob store"):
            texts.describe(A, item, version, b"{}")


def test_a_store_knows_the_run_of_the_machine(blobs: BlobStore, another_blobs: Callable[[], BlobStore]) -> None:
    assert blobs.boot
    assert blobs.boot == another_blobs().boot


def test_a_store_that_can_be_written_answers_pings(blobs: BlobStore) -> None:
    blobs.ping()


def test_a_part_of_a_blob_is_read_by_itself(blobs: BlobStore) -> None:
    data = bytes(range(256)) * 10_000
    _kept(blobs, "blob", data)
    for start, end in ((0, 10), (100, 2_000_000), (2_559_999, None), (5, 5)):
        assert b"".join(blobs.read(A, "blob", start, end)) == data[start:end]


def test_a_part_ends_with_the_blob(blobs: BlobStore) -> None:
    _kept(blobs, "blob", b"bytes")
    _kept(blobs, "empty", b"")
    parts = [("blob", 3, 100), ("blob", 5, 100), ("blob", 9, None), ("empty", 0, 100)]
    assert [b"".join(blobs.read(A, *part)) for part in parts] == [b"es", b"", b"", b""]
    with pytest.raises(FileNotFoundError):
        list(blobs.read(A, "gone", 0, 100))


def test_a_store_names_a_new_blob_itself(blobs: BlobStore) -> None:
    names = set()
    for data in (b"one", b"two"):
        _staged(blobs, "u", data)
        new = blobs.keep(A, "u")
        assert blobs.stat(A, new.id) == (3, new.mark)
        assert b"".join(blobs.read(A, new.id)) == data
        names.add(new.id)
    assert set(blobs.blobs(A)) == names
    assert len(names) == 2


def test_saved_bytes_are_there_for_every_process_while_the_upload_goes_on(
    blobs: BlobStore, another_blobs: Callable[[], BlobStore]
) -> None:
    with blobs.stage(A, "u") as staged:
        staged.append(b"one")
        staged.save()
        assert another_blobs().staged_size(A, "u") == 3
        assert b"".join(another_blobs().staged_bytes(A, "u")) == b"one"
        staged.append(b"two")
        staged.save()
        assert another_blobs().staged_size(A, "u") == 6
    new = another_blobs().keep(A, "u")
    assert b"".join(blobs.read(A, new.id)) == b"onetwo"
    assert blobs.uploads(A) == []


def test_a_blob_that_is_set_aside_is_none_until_it_is_taken_back(able: BlobStore) -> None:
    strays = _strays(able)
    _kept(able, "blob", b"bytes")
    strays.set_aside(A, "blob", 1234)
    assert (able.stat(A, "blob"), list(able.blobs(A))) == (None, [])
    (stray,) = strays.strays(A)
    assert stray == ("blob", 1234)
    strays.take_back(A, stray)
    assert (strays.strays(A), list(able.blobs(A))) == ([], ["blob"])
    assert b"".join(able.read(A, "blob")) == b"bytes"


def test_a_stray_is_removed_for_good(able: BlobStore) -> None:
    strays = _strays(able)
    _kept(able, "blob", b"bytes")
    strays.set_aside(A, "blob", 1234)
    strays.set_aside(A, "gone", 1234)
    (stray,) = strays.strays(A)
    for _ in range(2):
        strays.remove_stray(A, stray)
    strays.take_back(A, stray)
    assert (strays.strays(A), able.stat(A, "blob"), list(able.blobs(A))) == ([], None, [])


def test_the_number_of_the_last_sweep_is_kept_by_storage(able: BlobStore, able_blobs: Callable[[], BlobStore]) -> None:
    for sweep in (Sweep(7, "of one"), Sweep(8, "another")):
        _strays(able).note_sweep(A, sweep)
        other = able_blobs()
        assert (_strays(other).sweep(A), _strays(other, B).sweep(B)) == (sweep, Sweep(0))


def _strays(blobs: BlobStore, storage: str = A) -> Strays:
    found = strays_of(blobs, storage)
    assert found is not None
    return found
