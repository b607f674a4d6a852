"""Decodes uploads with the Content-Encoding gzip or deflate, and rejects others."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator

from msgspec.structs import replace

from contentlib.http.message import Body, Request
from contentlib.library.sessions.transfer_faults import not_decoded
from contentlib.transfer import messages
from contentlib.transfer.answers import RequestRefused
from contentlib.transfer.receiving import Wrong

_PIECE = 1 << 20  # no more is made of a piece that came, before it is taken
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_PLAIN = ("", "identity")


def with_decoded_body(request: Request, name: str) -> Request:
    """Returns the request with a decoded body. Raises Refused if the encoding is unsupported."""
    for header, known in (("content-encoding", _WINDOWS), ("content-transfer-encoding", {"binary": 0, "8bit": 0, "7bit": 0})):
        encoding = request.headers.get(header, "").strip().lower()
        if encoding not in (*_PLAIN, *known):
            unsupported = messages.ENCODING(header=header.title(), given=encoding[:40])
            raise RequestRefused(415, unsupported, [("accept-encoding", "gzip, deflate, identity")])
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding in _PLAIN:
        return request
    if "content-range" in request.headers:
        raise RequestRefused(415, messages.RANGE_AND_ENCODING(encoding=encoding))
    headers = {key: value for key, value in request.headers.items() if key != "content-length"}
    return replace(request, headers=headers, stream=_Decoded(request.stream, name, encoding))


class _Decoded:
    """A body that is decompressed while it is read."""

    def __init__(self, body: Body, name: str, encoding: str) -> None:
        self._body = body
        self._name = name
        self._encoding = encoding
        self._decoder = zlib.decompressobj(_WINDOWS[encoding])
        self._begun = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yields the decoded bytes. Raises Wrong if the data does not match the header."""
        try:
            async for piece in self._body.chunks():
                while piece:
                    self._begun = True
                    data, piece = await asyncio.to_thread(self._decode, piece)
                    if data:
                        yield data
            rest = self._decoder.flush()
        except zlib.error as error:
            raise self._wrong("it cannot be decompressed") from error
        if rest:
            yield rest
        if self._begun and not self._decoder.eof:
            raise self._wrong("it is truncated")

    def _decode(self, piece: bytes) -> tuple[bytes, bytes]:
        """Decodes part of a piece and returns the rest. Several compressed streams can follow each other."""
        if self._decoder.eof:
            if not piece.strip(b"\0"):
                return b"", b""
            self._decoder = zlib.decompressobj(_WINDOWS[self._encoding])
        data = self._decoder.decompress(piece, _PIECE)
        return data, self._decoder.unused_data if self._decoder.eof else self._decoder.unconsumed_tail

    def _wrong(self, why: str) -> Wrong:
        return Wrong(400, not_decoded(self._name, self._encoding, why), keep=False)
