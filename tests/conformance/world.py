"""What an operation needs to be there before it is called, made over `/rest` JSON."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import processes
import signing
from conformance.forms import RestJson, RestQuery
from conformance.servers import ADMINISTRATOR, Server

FILE = "disk image 1.iso"
NOBODY = "00000000-0000-4000-8000-000000000000"
"""An identifier that nothing has."""

NOWHERE = "http://127.0.0.1:1/lib.json"
"""Where no publisher is."""

_CONTENT = "com.vmware.content"
_REST = RestJson()


class World:
    """Makes libraries, items, sessions and files."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def call(self, operation: str, **arguments: Any) -> Any:
        """The result of an operation of content libraries, which must succeed."""
        return self.call_other(f"{_CONTENT}.{operation}", **arguments)

    def call_other(self, operation: str, **arguments: Any) -> Any:
        """The result of an operation of any service, which must succeed."""
        heard = self._server.send(_REST, operation, arguments, self._server.token)
        assert heard.error is None, heard
        return heard.result

    @property
    def token(self) -> str:
        """The login session."""
        return self._server.token

    def login(self) -> str:
        """A new login session."""
        return str(self._server.send(_REST, "com.vmware.cis.session.create", {}, ADMINISTRATOR).result)

    def name(self, kind: str) -> str:
        """A name that nothing has yet."""
        return self._server.name(kind)

    def library(self, **spec: Any) -> str:
        """A new library."""
        return str(self.call("local_library.create", create_spec={"name": self.name("library"), **spec}))

    def certificate(self) -> str:
        """The text of a certificate that nobody trusts yet."""
        with TemporaryDirectory() as directory:
            return signing.make(Path(directory) / self.name("certificate")).pem

    def trusted(self) -> str:
        """A certificate that is trusted."""
        return str(self.call("trusted_certificates.create", spec={"cert_text": self.certificate()}))

    def usage(self, library: str, urn: str = "urn:vmomi:vm:vm-12") -> str:
        """A usage of a library."""
        return str(self.call("library.usages.add", library=library, spec={"resource_urn": urn}))

    def kept_still(self, library: str | None = None) -> str:
        """A library in maintenance, which is new unless it is named; what syncs is waited for."""
        library = library or self.library()
        entering = {"library_id": library}
        enter = f"{_CONTENT}.library.enter_maintenance"
        assert processes.eventually(lambda: self._server.send(_REST, enter, entering, self._server.token).error is None)
        return library

    def item_kept_still(self) -> str:
        """A new item with one file in a library in maintenance."""
        library = self.library()
        item = self.full(library)
        self.kept_still(library)
        return item

    @cached_property
    def still(self) -> str:
        """A library that is synchronized on demand, in maintenance, and that has an item."""
        library = self.following()
        self.item_in(library)
        return self.kept_still(library)

    def used(self, **spec: Any) -> str:
        """A new library that is in use."""
        library = self.library(**spec)
        self.usage(library)
        return library

    def published(self) -> str:
        """A new published library."""
        return self.library(publish_info={"published": True, "authentication_method": "NONE"})

    def address(self, library: str) -> str:
        """Where a published library of this server is followed."""
        return f"{self._server.url}/cls/vcsp/lib/{library}/lib.json"

    @cached_property
    def publisher(self) -> str:
        """A published library with an item that stays as it is."""
        library = self.published()
        self.full(library)
        return library

    def subscription(self, url: str | None = None, *, on_demand: bool = True) -> dict[str, Any]:
        """What says that a library follows another one."""
        info = {"subscription_url": url or self.address(self.publisher), "authentication_method": "NONE"}
        return {**info, "automatic_sync_enabled": False, "on_demand": on_demand}

    def following(self, *, on_demand: bool = True) -> str:
        """A new subscribed library."""
        spec = {"name": self.name("follower"), "subscription_info": self.subscription(on_demand=on_demand)}
        return str(self.call("subscribed_library.create", create_spec=spec))

    @cached_property
    def follower(self) -> str:
        """A library that is synchronized on demand, and that stays as it is."""
        return self.following()

    @cached_property
    def keeper(self) -> str:
        """A subscribed library that keeps all content."""
        return self.following(on_demand=False)

    def new_subscriber(self, **more: Any) -> str:
        """A new subscription that the publisher knows of, of a library that was made for it."""
        new = {"name": self.name("subscriber"), "automatic_sync_enabled": False, "on_demand": False, "storage_backings": []}
        spec = more or {"target": "CREATE_NEW", "location": "LOCAL", "new_subscribed_library": new}
        arguments = {"library": self.publisher, "spec": {"subscribed_library": spec}}
        return str(self.call("library.subscriptions.create", **arguments))

    @cached_property
    def subscriber(self) -> str:
        """A subscription that stays as it is."""
        return self.new_subscriber()

    def elsewhere(self) -> str:
        """A new subscription of a library of another vCenter."""
        more = {"subscribed_library": self.name("theirs"), "location": "REMOTE", "vcenter": {"hostname": "vc.example"}}
        return self.new_subscriber(target="USE_EXISTING", **more)

    def synchronized(self) -> str:
        """A new subscribed library that has all that its publisher has."""
        library = self.following(on_demand=False)
        assert processes.eventually(lambda: "last_sync_time" in self.call("subscribed_library.get", library_id=library))
        assert processes.eventually(lambda: self._is_idle(library))
        return library

    def _is_idle(self, library: str) -> bool:
        of_library = {"targets": [{"type": "com.vmware.content.Library", "id": library}]}
        target = {"filter_spec": {"services": ["com.vmware.content.subscribed_library"], **of_library}}
        found = self._server.send(RestQuery(), "com.vmware.cis.tasks.list", target, self.token).result
        return all(self.task(str(task))["status"] == "SUCCEEDED" for task, _ in found)

    def item_in(self, library: str) -> str:
        """The item of a library, once it is there."""
        assert processes.eventually(lambda: self.call("library.item.list", library_id=library) != [])
        return str(self.call("library.item.list", library_id=library)[0])

    @property
    def followed(self) -> str:
        """The item of a library that is synchronized on demand."""
        return self.item_in(self.follower)

    @cached_property
    def shared(self) -> str:
        """A library that stays as it is but for items."""
        return self.library()

    @cached_property
    def shared_name(self) -> str:
        """The name of that library."""
        return str(self.call("library.get", library_id=self.shared)["name"])

    def item(self, library: str | None = None, **spec: Any) -> str:
        """A new item without content."""
        spec = {"library_id": library or self.shared, "name": self.name("item"), **spec}
        return str(self.call("library.item.create", create_spec=spec))

    def full(self, library: str | None = None) -> str:
        """A new item with one file."""
        item = self.item(library)
        session = self.changing(item)
        self.upload(session)
        self.call("library.item.update_session.complete", update_session_id=session)
        return item

    @cached_property
    def kept(self) -> str:
        """An item with one file that stays as it is."""
        return self.full()

    @cached_property
    def kept_name(self) -> str:
        """The name of that item."""
        return str(self.call("library.item.get", library_item_id=self.kept)["name"])

    def changing(self, item: str | None = None) -> str:
        """A new update session."""
        spec = {"library_item_id": item or self.item()}
        return str(self.call("library.item.update_session.create", create_spec=spec))

    def add(self, session: str, name: str = FILE) -> dict[str, Any]:
        """A file in an update session that waits for its bytes."""
        spec = {"name": name, "source_type": "PUSH"}
        found = self.call("library.item.updatesession.file.add", file_spec=spec, update_session_id=session)
        return dict(found)

    def upload(self, session: str, content: bytes | None = None, name: str = FILE) -> None:
        """A file in an update session with its bytes."""
        uri = self.add(session, name)["upload_endpoint"]["uri"]
        answer = self._server.http.post(uri, content=self.name("content").encode() if content is None else content)
        assert answer.status_code in (200, 201), answer

    def item_of(self, session: str) -> str:
        """The item of an update session."""
        return str(self.call("library.item.update_session.get", update_session_id=session)["library_item_id"])

    def waiting(self) -> str:
        """A new update session with one file whose bytes are not there."""
        session = self.changing()
        self.add(session)
        return session

    def uploaded(self) -> str:
        """A new update session with one file that is READY."""
        session = self.changing()
        self.upload(session)
        return session

    def canceled(self) -> str:
        """A new update session that was canceled."""
        session = self.changing()
        self.call("library.item.update_session.cancel", update_session_id=session)
        return session

    def reading(self) -> str:
        """A new download session."""
        return str(self.call("library.item.download_session.create", create_spec={"library_item_id": self.kept}))

    def read(self) -> str:
        """A new download session that was canceled."""
        session = self.reading()
        self.call("library.item.download_session.cancel", download_session_id=session)
        return session

    def pulling(self) -> str:
        """A new task, which fetches a file from where nobody is there, again and again."""
        return self._task(NOWHERE)

    @cached_property
    def failed_task(self) -> str:
        """A task that has FAILED, because it was to fetch a file from where the server does not go."""
        task = self._task(f"http://127.0.0.2/{FILE}")
        assert processes.eventually(lambda: self.task(task)["status"] == "FAILED")
        return task

    def task(self, task: str) -> dict[str, Any]:
        """What is told of a task."""
        return dict(self._server.send(_REST, "com.vmware.cis.tasks.get", {"task": task}, self.token).result)

    def _task(self, uri: str) -> str:
        item = self.item()
        spec = {"name": FILE, "source_type": "PULL", "source_endpoint": {"uri": uri.replace(" ", "%20")}}
        self.call("library.item.updatesession.file.add", file_spec=spec, update_session_id=self.changing(item))
        of_item = {"targets": [{"type": "com.vmware.content.library.Item", "id": item}]}
        target = {"filter_spec": {"services": ["com.vmware.content.library.item.updatesession.file"], **of_item}}
        (found,) = self._server.send(RestQuery(), "com.vmware.cis.tasks.list", target, self.token).result
        return str(found[0])

    def damaged(self, item: str | None = None) -> str:
        """An item whose bytes are gone from the storage, which is new unless it is named."""
        item = item or self.full()
        session = self.call("library.item.download_session.create", create_spec={"library_item_id": item})
        for file in self.call("library.item.file.list", library_item_id=item):
            given = {"download_session_id": session, "file_name": file["name"], "endpoint_type": "DIRECT"}
            prepared = self.call("library.item.downloadsession.file.prepare", **given)
            Path(url2pathname(urlsplit(prepared["download_endpoint"]["uri"]).path)).unlink()
        self.call("library.item.download_session.delete", download_session_id=session)
        return item


def sha256(content: bytes) -> str:
    """The digest in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
