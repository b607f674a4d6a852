from __future__ import annotations

import pytest

from contentlib.library.sessions.pulls import without_password


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("https://robin:secret@pub.example:8443/a?b#c", "https://robin@pub.example:8443/a?b#c"),
        ("https://robin:s:cr@t@pub.example/", "https://robin@pub.example/"),
        ("https://:secret@pub.example/", "https://@pub.example/"),
        ("https://robin@pub.example/", "https://robin@pub.example/"),
        ("https://pub.example:8443/a:b@c", "https://pub.example:8443/a:b@c"),
        ("https://pub.example?a:b@c", "https://pub.example?a:b@c"),
        ("ds:///vmfs/volumes/a:b@c/x", "ds:///vmfs/volumes/a:b@c/x"),
        ("", ""),
    ],
)
def test_an_address_is_told_without_its_password(uri: str, told: str) -> None:
    assert without_password(uri) == told
