"""A client of the `/rest` JSON form, as far as the bench needs it; our server and the simulator both understand it."""

from __future__ import annotations

import base64
import http.client
import ssl
import time
import uuid
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from bench.servers import PASSWORD, USER, Server

T = TypeVar("T")

CONTENT = "/rest/com/vmware/content"
LIBRARY = f"{CONTENT}/library"
ITEM = f"{LIBRARY}/item"
DOWNLOAD_SESSION = f"{ITEM}/download-session"
TOKEN_HEADER = "vmware-api-session-id"
_TIMEOUT_SECONDS = 120


class Endpoint(msgspec.Struct, frozen=True):
    """Where the bytes of a file go, or come from."""

    uri: str


class UploadFile(msgspec.Struct, frozen=True):
    """A file of an update session."""

    upload_endpoint: Endpoint


class DownloadFile(msgspec.Struct, frozen=True):
    """A file of a download session."""

    status: str
    download_endpoint: Endpoint | None = None


class PublishInfo(msgspec.Struct, frozen=True):
    """Where a library is published."""

    publish_url: str | None = None


class Library(msgspec.Struct, frozen=True):
    """A library, as far as the bench looks at it."""

    publish_info: PublishInfo = PublishInfo()
    last_sync_time: str | None = None


class Rest:
    """One login; each request opens the connection again."""

    def __init__(self, server: Server, user: str = USER) -> None:
        self._server = server
        where = urlsplit(server.url)
        host, port = str(where.hostname), where.port
        if where.scheme == "https":
            context = ssl._create_unverified_context()
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=_TIMEOUT_SECONDS, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        basic = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "vmware-use-header-authn": "true"}
        self.token = _value(self._request("POST", "/rest/com/vmware/cis/session", headers), str)

    def size(self, method: str, path: str, body: object = None) -> int:
        """How long the body of the answer is."""
        return len(self._call(method, path, body))

    def get(self, path: str, kind: type[T]) -> T:
        """The value at a path."""
        return _value(self._call("GET", path), kind)

    def post(self, path: str, body: object, kind: type[T]) -> T:
        """The value that an operation answers with."""
        return _value(self._call("POST", path, body), kind)

    def delete(self, path: str) -> None:
        """Deletes what is at a path."""
        self._call("DELETE", path)

    def create_library(self, name: str) -> str:
        """Makes a local library."""
        backing = {"type": "DATASTORE", "datastore_id": self._server.datastore}
        spec = {"name": name, "type": "LOCAL", "storage_backings": [backing]}
        return self.post(f"{CONTENT}/local-library", _tokened({"create_spec": spec}), str)

    def publish(self, library: str) -> str:
        """Publishes a library to everybody; returns the address to subscribe to."""
        info = {"published": True, "authentication_method": "NONE"}
        path = f"{CONTENT}/local-library/id:{library}"
        self._call("PATCH", path, {"update_spec": {"publish_info": info}})
        return str(self.get(path, Library).publish_info.publish_url)

    def subscribe(self, name: str, url: str) -> str:
        """Makes a subscribed library, whose first synchronization begins then."""
        info = {"subscription_url": url, "authentication_method": "NONE", "on_demand": False, "automatic_sync_enabled": False}
        backing = {"type": "DATASTORE", "datastore_id": self._server.datastore}
        spec = {"name": name, "type": "SUBSCRIBED", "storage_backings": [backing], "subscription_info": info}
        return self.post(f"{CONTENT}/subscribed-library", _tokened({"create_spec": spec}), str)

    def act(self, path: str) -> None:
        """Calls an operation that answers nothing."""
        self._call("POST", path)

    def create_item(self, library: str, name: str) -> str:
        """Makes an item without content."""
        return self.post(ITEM, _tokened({"create_spec": {"library_id": library, "name": name}}), str)

    def begin_upload(self, item: str, name: str, size: int) -> tuple[str, str]:
        """Opens an update session for one file; returns the session and the address to PUT the file to."""
        session = self.post(f"{ITEM}/update-session", _tokened({"create_spec": {"library_item_id": item}}), str)
        spec = {"name": name, "size": size, "source_type": "PUSH"}
        path = f"{ITEM}/updatesession/file/id:{session}?~action=add"
        return session, self.post(path, {"file_spec": spec}, UploadFile).upload_endpoint.uri

    def complete_upload(self, session: str) -> None:
        """Makes what was uploaded the item's content."""
        self._call("POST", f"{ITEM}/update-session/id:{session}?~action=complete")

    def create_download(self, item: str) -> str:
        """Opens a download session."""
        return self.post(DOWNLOAD_SESSION, {"create_spec": {"library_item_id": item}}, str)

    def download_uri(self, item: str, name: str) -> str:
        """Opens a download session and prepares a file; returns the address to GET it from."""
        path = f"{ITEM}/downloadsession/file/id:{self.create_download(item)}"
        self._call("POST", f"{path}?~action=prepare", {"file_name": name})
        for _ in range(100):
            file = self.post(f"{path}?~action=get", {"file_name": name}, DownloadFile)
            if file.download_endpoint:
                return file.download_endpoint.uri
            time.sleep(0.1)
        raise RuntimeError(f"{name} is {file.status} after ten seconds")

    def _call(self, method: str, path: str, body: object = None) -> bytes:
        headers = {TOKEN_HEADER: self.token, "Content-Type": "application/json"}
        return self._request(method, path, headers, msgspec.json.encode(body) if body else None)

    def _request(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        self._connection.close()  # kept, it would be idle while bytes flow elsewhere, and the server closes such ones
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")
        return content


def _tokened(body: dict[str, object]) -> dict[str, object]:
    return {"client_token": str(uuid.uuid4())} | body


def _value(content: bytes, kind: type[T]) -> T:
    return msgspec.convert(msgspec.json.decode(content)["value"], kind)
