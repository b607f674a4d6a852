"""The commands for subscribers of published libraries, beside a server that is running."""

from __future__ import annotations

from pathlib import Path

import httpx

from cli.test_people import done, http, run
from whole import NAME, PASSWORD

__all__ = ["http"]
INFO = {"published": True, "authentication_method": "NONE"}


def test_a_server_hears_of_subscribers_at_once(http: httpx.Client, data_dir: Path) -> None:
    with http:
        token = {"vmware-api-session-id": http.post("/api/session", auth=(NAME.encode(), PASSWORD.encode())).json()}
        spec = {"name": "images", "publish_info": INFO}
        library = http.post("/api/content/local-library", json=spec, headers=token).json()
        http.cookies.clear()
        target = f"/cls/vcsp/lib/{library}/items.json"
        password = done(data_dir, "subscriber", "add", library, "Oslo", "--days", "30").strip()
        listed = done(data_dir, "subscriber", "list", library)
        subscriber = listed.split()[0]
        assert listed == f"{subscriber}  Oslo  valid  never seen\n"
        assert http.get(target).status_code == 401
        assert http.get(target, auth=("vcsp", password)).status_code == 200
        newer = done(data_dir, "subscriber", "rotate", library, subscriber).strip()
        assert http.get(target, auth=("vcsp", newer)).status_code == 200
        done(data_dir, "subscriber", "disable", library, subscriber)
        assert http.get(target, auth=("vcsp", newer)).status_code == 401
        assert "disabled" in done(data_dir, "subscriber", "list", library)
        done(data_dir, "subscriber", "enable", library, subscriber)
        assert http.get(target, auth=("vcsp", newer)).status_code == 200
        done(data_dir, "subscriber", "remove", library, subscriber)
        assert done(data_dir, "subscriber", "list", library) == ""


def test_a_library_that_is_not_there_has_no_subscribers(data_dir: Path) -> None:
    ended = run(data_dir, "subscriber", "add", "nothing", "Oslo")
    assert (ended.returncode, ended.stderr) == (1, "contentlib: library 'nothing' does not exist\n")
