"""The servers of the bench, each a context manager that starts one on loopback and stops it."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from botocore.session import Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from bench.oneline import GET_BYTES, POST_BYTES

_HERE = Path(__file__).parent
CACHE = _HERE / ".cache"
USER = "administrator@vsphere.local"
PASSWORD = "bench"
_START_SECONDS = 60
_STOP_SECONDS = 40
_POLL_SECONDS = 0.002

S3_KEY, S3_SECRET = "bench", "benchbenchbench"
_WEED_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
)
_WEED_SERVICES = ("-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0")
_WEED_OFF = ("-master.telemetry=false", "-master.resumeState=false", *_WEED_SERVICES)

_NGINX = """
daemon off;
{user}
worker_processes auto;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    client_max_body_size 0;
    client_body_buffer_size 1m;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        root {dir}/files;
        dav_methods PUT;
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: where it is, its first process, and the datastore that it keeps content in."""

    url: str
    pid: int
    datastore: str = "datastore-1"
    tls_url: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed RSA-2048 certificate for loopback."""

    certificate: Path
    key: Path


def setup() -> None:
    """Installs what is missing and builds the simulator, once."""
    subprocess.run([_HERE / "setup.sh"], check=True)
    source, binary = _HERE / "simulator", CACHE / "simulator"
    if not binary.exists() or binary.stat().st_mtime < (source / "main.go").stat().st_mtime:
        CACHE.mkdir(exist_ok=True)
        environment = os.environ | {"GOPATH": "/usr/share/gocode", "GO111MODULE": "off"}
        subprocess.run(["go", "build", "-o", binary, "."], cwd=source, env=environment, check=True)


@contextmanager
def contentlib(data: Path, certificate: Certificate | None = None, more: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Our server, as it is started by default but with one worker, as those beside it, and `more` of its environment."""
    environment = {"CONTENTLIB_ADMIN_PASSWORD": PASSWORD, "CONTENTLIB_LOG_LEVEL": "warning", "CONTENTLIB_WORKERS": "1"}
    environment |= more or {}
    if certificate:
        environment |= {
            "CONTENTLIB_TLS_CERTIFICATE": str(certificate.certificate),
            "CONTENTLIB_TLS_KEY": str(certificate.key),
        }
    program = Path(sys.executable).with_name("contentlib")
    command: list[str | Path] = [program, "serve", "--data-dir", data, "--listen", "127.0.0.1:0"]
    if not certificate:
        command.append("--no-tls")
    with _running(command, data.with_suffix(".log"), environment) as (process, said):
        yield Server(said["listening on"], process.pid)


@contextmanager
def simulator(directory: Path) -> Iterator[Server]:
    """The simulator of govmomi, which keeps everything in memory but the files."""
    directory.mkdir()
    with _running([CACHE / "simulator"], directory / "log", {"TMPDIR": str(directory)}) as (process, said):
        yield Server(said["listening on"], process.pid, said["datastore:"])


@contextmanager
def oneline(directory: Path, get_bytes: int, post_bytes: int) -> Iterator[Server]:
    """The one-line application under Granian, with the settings of our own server."""
    directory.mkdir()
    port = _free_port()
    environment = {GET_BYTES: str(get_bytes), POST_BYTES: str(post_bytes)}
    command: list[str | Path] = [Path(sys.executable).with_name("granian"), "--factory", "bench.oneline:create"]
    command += ["--interface", "asgi", "--workers", "1", "--no-ws", "--backlog", "1024", "--backpressure", "4096"]
    command += ["--runtime-blocking-threads", "32", "--http1-buffer-size", str(256 * 1024)]
    command += ["--log-level", "warning", "--host", "127.0.0.1", "--port", str(port)]
    with _running(command, directory / "log", environment, port) as (process, _):
        yield Server(f"http://127.0.0.1:{port}", process.pid)


@contextmanager
def seaweedfs(directory: Path) -> Iterator[Server]:
    """A SeaweedFS with its S3 service, on ports of its own."""
    directory.mkdir()
    identity = {"name": "bench", "credentials": [{"accessKey": S3_KEY, "secretKey": S3_SECRET}], "actions": ["Admin"]}
    (directory / "s3.json").write_text(json.dumps({"identities": [identity]}))
    port, ports = _free_port(), [f"-{name}={_free_port()}" for name in _WEED_PORTS]
    program = Path(sys.executable).with_name("weed")
    command: list[str | Path] = [program, "mini", f"-dir={directory / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *ports]
    command += [f"-s3.port={port}", f"-s3.config={directory / 's3.json'}", *_WEED_OFF]
    with _running(command, directory / "log", {"GOMEMLIMIT": "512MiB"}, port) as (process, _):
        yield Server(f"http://127.0.0.1:{port}", process.pid)


def make_bucket(server: Server, name: str) -> None:
    """Makes a bucket, when the service is ready."""
    client = Session().create_client(
        "s3", "us-east-1", endpoint_url=server.url, aws_access_key_id=S3_KEY, aws_secret_access_key=S3_SECRET
    )
    client.create_bucket(Bucket=name)


@contextmanager
def nginx(directory: Path, certificate: Certificate) -> Iterator[Server]:
    """An nginx that serves and takes the files of `directory/files`."""
    (directory / "files").mkdir(parents=True)
    plain, tls = _free_port(), _free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(
        _NGINX.format(
            user=f"user {getpass.getuser()};" if os.getuid() == 0 else "",
            dir=directory,
            plain=plain,
            tls=tls,
            certificate=certificate.certificate,
            key=certificate.key,
        )
    )
    command: list[str | Path] = [shutil.which("nginx") or "/usr/sbin/nginx", "-c", configuration, "-p", directory]
    with _running([*command, "-e", directory / "error.log"], directory / "log", {}, plain) as (process, _):
        yield Server(f"http://127.0.0.1:{plain}", process.pid, tls_url=f"https://127.0.0.1:{tls}")


def make_certificate(directory: Path) -> Certificate:
    """Writes a certificate and its key into a directory."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(directory / "certificate.pem", directory / "key.pem")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    made.key.chmod(0o600)
    return made


@contextmanager
def _running(
    command: list[str | Path], log: Path, environment: Mapping[str, str], port: int | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """A process, once it accepts on `port` or has printed `listening on URL`, and what it has said till then."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | environment)
    try:
        yield process, _started(process, log, port)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _started(process: subprocess.Popen[bytes], log: Path, port: int | None) -> dict[str, str]:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        said = _said(log)
        if _accepts(port) if port else "listening on" in said:
            return said
        time.sleep(_POLL_SECONDS)
    last = log.read_text().rstrip().rpartition("\n")[2]
    raise RuntimeError(f"the server with the log {log.name} did not start: {last}")


def _said(log: Path) -> dict[str, str]:
    lines = (line.rpartition(" ") for line in log.read_text().split("\n")[:-1])
    return {before: value for before, _, value in lines}


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
