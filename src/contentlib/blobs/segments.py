"""Assembles uploads in a bucket from segments: objects that are written once and can be read before the upload is complete.

    blobs/ID                      the bytes of a blob, or of a segment of an upload
    staging/UPLOAD/START-ID       names a segment of an upload and the position of its first byte; contains the id of the
                                  multipart upload, if the segment is sent in parts. START is followed by the number of the
                                  writer's claim where claims have numbers (`library/ports/claims.py`)

An upload that is not interrupted has one segment, which becomes the blob where it is: its bytes are written once. One that was
interrupted has several, which the bucket joins without sending them. A segment is written by one writer, so two of them never
mix their bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from contentlib.blobs.bucket import Bucket, SentPart

SMALLEST_PART = 5 << 20  # of all parts but the last; a rule of S3
_FIRST_PARTS = 8 << 20
_LARGEST_PARTS = 64 << 20
_PARTS_OF_A_SIZE = 1000  # of 10,000 parts that an object can have
_COPIED_AT_ONCE = 1 << 30
_DIGITS = 20


class Segment(NamedTuple):
    """Bytes of an upload that are an object."""

    start: int
    id: str
    size: int
    claim: int = 0

    @property
    def end(self) -> int:
        """The position after its last byte."""
        return self.start + self.size

    @property
    def source(self) -> CopiedObject:
        """The object, as one that is copied."""
        return CopiedObject(blob_key(self.id), self.size)


class CopiedObject(NamedTuple):
    """An object whose bytes are copied."""

    key: str
    size: int


class Pointer(NamedTuple):
    """Names a segment of an upload, whose bytes may be incomplete."""

    upload: str
    start: int
    id: str
    claim: int = 0
    """The number of the claim of its writer."""

    @property
    def key(self) -> str:
        """The key of the object."""
        place = f"{self.start:0{_DIGITS}}" + (f".{self.claim}" if self.claim else "")
        return f"staging/{self.upload}/{place}-{self.id}"

    def segment(self, size: int) -> Segment:
        """The segment, with so many bytes."""
        return Segment(self.start, self.id, size, self.claim)


def blob_key(blob: str) -> str:
    """The key of a blob or segment."""
    return f"blobs/{blob}"


def part_size(position: int) -> int:
    """Returns the size of the next part: larger in large files, so that their number stays within the limit."""
    grown = position // _PARTS_OF_A_SIZE
    return min(max(_FIRST_PARTS, grown - grown % (1 << 20)), _LARGEST_PARTS)


def pointers(bucket: Bucket, upload: str | None = None) -> list[Pointer]:
    """Returns the pointers of an upload, or of all."""
    found = []
    for key in bucket.keys("staging/" if upload is None else f"staging/{upload}/"):
        _, name, place = key.split("/", 2)
        position, _, blob = place.partition("-")
        start, _, claim = position.partition(".")
        found.append(Pointer(name, int(start), blob, int(claim or 0)))
    return found


def sealed(bucket: Bucket, pointer: Pointer) -> Segment | None:
    """The segment of a pointer, if its bytes can be read."""
    found = bucket.stat(blob_key(pointer.id))
    return None if found is None else pointer.segment(found.size)


def unsealed(bucket: Bucket, pointer: Pointer) -> tuple[str, list[SentPart]] | None:
    """The multipart upload of a segment and its parts from the first one to a gap, if it was neither completed nor aborted."""
    try:
        upload = bucket.get(pointer.key).decode()
        parts = bucket.parts(blob_key(pointer.id), upload) if upload else []
    except FileNotFoundError:
        return None
    whole = [each for number, each in enumerate(parts, 1) if each.number == number]
    return (upload, whole) if upload else None


def measured(bucket: Bucket, pointer: Pointer) -> Segment | None:
    """The segment of a pointer with all bytes that the bucket has, also if they cannot be read yet."""
    left = unsealed(bucket, pointer)
    if left is None:
        return sealed(bucket, pointer)
    return pointer.segment(sum(each.size for each in left[1]))


def present(bucket: Bucket, upload: str, find: Callable[[Bucket, Pointer], Segment | None] = measured) -> list[Segment]:
    """Returns the chain of an upload that another process may be writing.

    A writer replaces a small segment by one that contains its bytes. One that is gone is therefore looked for again.
    """
    named = pointers(bucket, upload)
    while True:
        found = [find(bucket, each) for each in named]
        before, named = named, named if all(found) else pointers(bucket, upload)
        if named == before:
            return chain([each for each in found if each is not None])


def seal(bucket: Bucket, pointer: Pointer) -> Segment | None:
    """Makes the bytes of a segment readable that a writer has left. Returns None if there are none."""
    left = unsealed(bucket, pointer)
    if left is None:
        return sealed(bucket, pointer)
    upload, parts = left
    if not parts:
        bucket.abort(blob_key(pointer.id), upload)
        return None
    bucket.complete(blob_key(pointer.id), upload, parts)
    return pointer.segment(sum(each.size for each in parts))


def chain(segments: Sequence[Segment]) -> list[Segment]:
    """Returns the segments that follow each other from the first byte on; of those at the same position, the longest.

    A writer that has taken over an upload begins it anew. Segments of earlier claims do not count any more.
    """
    found: list[Segment] = []
    first = max((each.claim for each in segments if each.start == 0), default=0)
    for each in sorted(segments, key=lambda segment: (segment.start, -segment.size)):
        if each.claim >= first and each.start == (found[-1].end if found else 0):
            found.append(each)
    return found


def read_chain(bucket: Bucket, segments: Sequence[Segment]) -> Iterator[bytes]:
    """Yields the bytes of segments."""
    for each in segments:
        yield from bucket.pieces(blob_key(each.id))


def join(bucket: Bucket, sources: Sequence[CopiedObject], target: str) -> None:
    """Writes the bytes of objects to one. The bucket copies them, except pieces that are too small for a part."""
    if sum(each.size for each in sources) < SMALLEST_PART and len(sources) > 1:
        bucket.put(target, b"".join(piece for each in sources for piece in bucket.pieces(each.key)))
    elif len(sources) == 1 and sources[0].size <= _COPIED_AT_ONCE:
        bucket.copy(sources[0].key, target)
    else:
        upload = bucket.begin(target)
        try:
            bucket.complete(target, upload, _joined(bucket, sources, target, upload))
        except BaseException:
            bucket.abort(target, upload)
            raise


def _joined(bucket: Bucket, sources: Sequence[CopiedObject], target: str, upload: str) -> list[SentPart]:
    parts: list[SentPart] = []
    carried = b""
    for each in sources:
        start, last = 0, each is sources[-1]
        if carried:
            start = min(SMALLEST_PART - len(carried), each.size)
            carried += b"".join(bucket.pieces(each.key, 0, start))
            if len(carried) < SMALLEST_PART and not last:
                continue
            parts.append(bucket.send(target, upload, len(parts) + 1, carried))
            carried = b""
        if each.size - start >= SMALLEST_PART or last:
            for begin, end in _spans(start, each.size):
                parts.append(bucket.send_copy(target, upload, len(parts) + 1, each.key, begin, end))
        else:
            carried = b"".join(bucket.pieces(each.key, start, each.size))
    return parts


def _spans(start: int, end: int) -> list[tuple[int, int]]:
    """Divides a range into equal ones, as large as can be copied at once."""
    count = -(-(end - start) // _COPIED_AT_ONCE)
    step = -(-(end - start) // count) if count else 0
    return [(begin, min(begin + step, end)) for begin in range(start, end, step)] if count else []
