"""A PostgreSQL server of the test run, in a directory and on a socket of its own, and databases on it."""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from contentlib.metadata.postgresql import migrating
from contentlib.metadata.postgresql.address import Address
from processes import PATIENCE_SECONDS, eventually

SETUP = Path(__file__).parents[1] / "scripts" / "setup-postgresql.sh"
_PORT = 5432  # of the socket's name
_QUICK = ("fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=300", "shared_buffers=64MB")
_EMPTY = "contentlib_empty"


@dataclass
class Server:
    """A server in a directory."""

    directory: Path
    options: tuple[str, ...] = _QUICK
    process: subprocess.Popen[bytes] | None = None
    made: dict[str, Path] = field(default_factory=dict)
    """The databases of tests, and the directory of each test."""

    @classmethod
    def new(cls, options: tuple[str, ...] = _QUICK) -> Server:
        """Makes the directory of a server that does not run yet."""
        directory = Path(tempfile.mkdtemp(prefix="contentlib-postgresql-"))
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        made = cls(directory, options)
        command = [made._program("initdb"), "-D", directory / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        subprocess.run(_as_postgres([*map(str, command), "--locale=C.UTF-8", "--no-sync"]), check=True, capture_output=True)
        return made

    def start(self) -> None:
        """Starts the server, which ends with this process, and returns when it answers."""
        options = [part for each in self.options for part in ("-c", each)]
        command = [self._program("postgres"), "-D", str(self.directory / "data"), "-k", str(self.directory), *options]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(_as_postgres(command), stdout=log, stderr=log, start_new_session=True)
        assert eventually(self.answers), (self.directory / "log").read_text()

    def answers(self) -> bool:
        """Whether the server accepts connections."""
        return self.psql("postgres", "SELECT 1").returncode == 0

    def kill(self) -> None:
        """Kills all processes of the server, as a machine that stops does."""
        if self.process is not None:
            main = int((self.directory / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(main, signal.SIGSTOP)  # so that it starts no other
            children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
            for number in (main, *map(int, children)):
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            self.process.wait(PATIENCE_SECONDS)
            assert eventually(lambda: not any(Path("/proc", number).exists() for number in children))

    def stop(self) -> None:
        """Ends the server at once."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(PATIENCE_SECONDS)

    def url(self, database: str, user: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://{user}@/{database}?host={self.directory}&port={_PORT}"

    def run(self, statement: str, database: str = "postgres") -> str:
        """What a statement answers."""
        done = self.psql(database, statement)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def new_database(self, name: str, template: str = "template0") -> str:
        """The address of a new database, copied from another one that nobody uses."""
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Removes a database, whoever uses it."""
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def psql(self, database: str, statement: str) -> subprocess.CompletedProcess[str]:
        """Runs a statement."""
        options = ["-h", str(self.directory), "-p", str(_PORT), "-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1"]
        command = [self._program("psql"), *options, "-c", statement, database]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)

    @staticmethod
    def _program(name: str) -> str:
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
        return str(found[-1]) if found else name


def _as_postgres(command: list[str]) -> list[str]:
    """A command that ends with this process, by a user that PostgreSQL accepts: it does not run as root."""
    user = ["--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user, "--pdeathsig", "QUIT", *command]


def installed() -> None:
    """Installs PostgreSQL where it is missing."""
    subprocess.run([SETUP], check=True)
    if os.geteuid() == 0:
        pwd.getpwnam("postgres")


@functools.cache
def server() -> Server:
    """The server of this process, started when it is needed first."""
    installed()
    made = Server.new()
    made.start()
    atexit.register(_end, made)
    return made


@contextmanager
def another_server(*options: str) -> Iterator[Server]:
    """A server of one test, which may kill it."""
    installed()
    made = Server.new((*_QUICK, *options))
    made.start()
    try:
        yield made
    finally:
        _end(made)


def _end(made: Server) -> None:
    made.stop()
    shutil.rmtree(made.directory, ignore_errors=True)


@functools.cache
def empty() -> str:
    """A database with all tables and no rows."""
    url = server().new_database(_EMPTY)
    _in_thread(url)
    return _EMPTY


def _in_thread(url: str) -> None:
    """Migrates a database: in a thread, because the caller may be in an event loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrating.upgrade_database, Address(url)).result()


def name_of(directory: Path) -> str:
    """The database that belongs to a directory."""
    return "t" + hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:20]


def url_of(directory: Path) -> str:
    """The address of the database that belongs to a directory, which has no rows where it is new."""
    new_database(directory)
    return server().url(name_of(directory))


def new_database(directory: Path) -> None:
    """Makes the database of a directory with all tables and no rows, unless it is there."""
    if name_of(directory) not in server().made:
        _make(directory, empty())


def copy_database(old: Path, new: Path) -> None:
    """Copies the database of one directory for another."""
    _make(new, name_of(old))


def _make(directory: Path, template: str) -> None:
    running = server()
    for name in [name for name, used in running.made.items() if not used.exists()]:
        running.drop(name)
        del running.made[name]
    name = name_of(directory)
    running.drop(name)
    running.new_database(name, template)
    running.made[name] = directory
