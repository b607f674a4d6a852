"""The server under test, and the client that sends it requests of every form."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import Any

import httpx

import processes
from conformance.contract import OPERATIONS, Operation
from conformance.form_jsonrpc import JsonRpc
from conformance.form_xml import RestXml
from conformance.forms import ApiJson, Arguments, Caller, Form, Heard, RestJson, RestQuery
from processes import CONTENTLIB, Running

ADMINISTRATOR = ("administrator@vsphere.local", "Correct-horse 1!")
STORAGES = ("datastore-1", "datastore-2")
FORMS: tuple[Form, ...] = (RestJson(), RestQuery(), RestXml(), ApiJson(), JsonRpc())


@dataclass
class Server:
    """A server process, and a connection to it."""

    running: Running
    http: httpx.Client
    log: Thread
    _names: Any = field(default_factory=itertools.count)

    @cached_property
    def token(self) -> str:
        """A login session."""
        return str(self.send(RestJson(), "com.vmware.cis.session.create", {}, ADMINISTRATOR).result)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.running.url

    def send(self, form: Form, operation: str, arguments: Arguments, caller: Caller) -> Heard:
        """Calls an operation in a form, by its identifier."""
        return self.call(form, OPERATIONS[operation], arguments, caller)

    def call(self, form: Form, declared: Operation, arguments: Arguments, caller: Caller) -> Heard:
        """Calls an operation in a form."""
        sent = form.signed(form.request(declared, arguments), caller)
        response = self.http.request(sent.method, sent.target, content=sent.content, headers=sent.headers)
        self.http.cookies.clear()
        return form.answer(declared, response)

    def name(self, kind: str) -> str:
        """A name that nothing has yet."""
        return f"{kind} {next(self._names)}"


def start(directory: Path) -> Server:
    """Starts a server on a free port, with TLS."""
    command = [str(CONTENTLIB), "serve", "--data-dir", str(directory / "data"), "--listen", "127.0.0.1:0"]
    storage = [{"id": each, "name": each, "path": str(directory / each)} for each in STORAGES]
    settings = {
        "CONTENTLIB_ADMIN_PASSWORD": ADMINISTRATOR[1],
        "CONTENTLIB_OUTBOUND_ALLOW": '["127.0.0.1"]',
        "CONTENTLIB_STORAGE": json.dumps(storage),
        "CONTENTLIB_UNIQUE_LIBRARY_NAMES": "false",
    }
    running = processes.start(command, directory, **settings)
    http = httpx.Client(base_url=running.url, verify=False, timeout=60)  # the certificate is the server's own
    log = Thread(target=running.output.read)  # a server whose log nobody reads stands still once the pipe is full
    log.start()
    return Server(running, http, log)


def stop(server: Server) -> None:
    """Ends the process and closes the connection."""
    server.http.close()
    server.running.process.terminate()
    server.running.ended()
    server.log.join(60)
    server.running.output.close()
