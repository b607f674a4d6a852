from __future__ import annotations

import os
import re
import shlex
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

import processes
from contentlib.cli import server
from contentlib.cli.serve import login_line
from processes import CONTENTLIB, Running, eventually

Start = Callable[..., Running]


def certificate_of(url: str) -> x509.Certificate:
    parsed = httpx.URL(url)
    return x509.load_pem_x509_certificate(ssl.get_server_certificate((parsed.host, parsed.port or 443)).encode())


def refused(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return processes.run([str(CONTENTLIB), "serve", "--data-dir", str(tmp_path / "data"), *options], tmp_path)


def test_the_first_start_prints_what_a_user_needs(serve: Start) -> None:
    server = serve()
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+", server.url)
    assert server.value("administrator: ") == "administrator@vsphere.local"
    assert server.value("password: ")
    line = shlex.split("curl " + server.value("curl "))
    assert line[:5] == ["curl", "--insecure", "--user", "administrator@vsphere.local", "--request"]
    assert line[5:] == ["POST", f"{server.url}/rest/com/vmware/cis/session"]


def test_the_printed_thumbprints_are_those_of_the_certificate(serve: Start) -> None:
    server = serve()
    certificate = certificate_of(server.url)
    assert server.value("certificate SHA-1 thumbprint: ") == certificate.fingerprint(hashes.SHA1()).hex(":").upper()
    assert server.value("certificate SHA-256 thumbprint: ") == certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def test_a_server_answers_once_it_says_that_it_listens(serve: Start) -> None:
    server = serve("--no-tls", "--workers", "2")
    assert httpx.get(f"{server.url}/healthz", timeout=60).status_code == 200


def test_the_metrics_are_those_of_all_workers(serve: Start) -> None:
    server = serve("--no-tls", "--workers", "2")
    for _ in range(20):  # each on a connection of its own, which either worker may take
        assert httpx.get(f"{server.url}/rest/com/vmware/content/library", timeout=60).status_code == 401
    line = 'contentlib_requests_total{door="api",method="GET",status="401"} '

    def told() -> list[float]:
        lines = httpx.get(f"{server.url}/metrics", timeout=60).text.splitlines()
        return [float(each.removeprefix(line)) for each in lines if each.startswith(line)]

    assert eventually(lambda: told() == [20.0]), told()


def test_a_password_is_printed_at_the_first_start_only(serve: Start) -> None:
    first = serve("--no-tls")
    password = first.value("password: ").split()[0]
    assert password not in first.value("curl ")
    first.process.terminate()
    assert first.ended() == 0
    later = serve("--no-tls")
    assert later.value("curl ").startswith('--user administrator@vsphere.local:"$CONTENTLIB_ADMIN_PASSWORD"')
    assert not [line for line in later.lines if line.startswith("password")]


def test_a_given_password_is_not_printed(serve: Start) -> None:
    server = serve("--no-tls", CONTENTLIB_ADMIN_PASSWORD="correct horse")
    server.value("curl ")
    assert "correct horse" not in "".join(server.lines)


def test_a_second_server_on_a_data_directory_is_refused(serve: Start, tmp_path: Path) -> None:
    first = serve("--no-tls")
    assert first.url
    second = refused(tmp_path, "--no-tls", "--listen", "127.0.0.1:0")
    assert second.returncode == 1
    where = f"data directory {tmp_path / 'data'} is in use by another server, process {first.process.pid}"
    assert second.stderr == f"contentlib: {where}\n"


def test_a_server_starts_at_once_where_another_was_killed(serve: Start) -> None:
    first = serve("--no-tls", "--workers", "2")
    assert first.url
    first.process.kill()
    assert serve("--no-tls").url


def test_an_occupied_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        answer = refused(tmp_path, "--listen", listen)
    assert (answer.returncode, answer.stderr) == (1, f"contentlib: cannot listen on {listen}: address already in use\n")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    answer = refused(tmp_path, "--no-tls", "--listen", "0.0.0.0:0", "--workers", "0")
    assert answer.returncode == 2
    assert [line.split(":")[0] for line in answer.stderr.splitlines()] == ["workers", "tls"]
    assert not (tmp_path / "data").exists()


def test_the_data_directory_is_its_owners_alone(serve: Start, tmp_path: Path) -> None:
    assert serve("--no-tls").url
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.02, 0.04, 0.08, 0.5])
def test_a_server_leaves_with_0_on_sigterm(serve: Start, pause: float) -> None:
    """Also when its workers have hardly begun."""
    server = serve()
    assert server.url
    time.sleep(pause)
    server.process.terminate()
    assert server.ended() == 0


def test_tls_1_2_is_the_least(serve: Start) -> None:
    url = httpx.URL(serve().url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((url.host, url.port or 443)) as plain, context.wrap_socket(plain) as connection:
        assert connection.version() == "TLSv1.2"


def test_a_listening_server_holds_its_lock_until_it_has_ended(serve: Start, tmp_path: Path) -> None:
    server = serve("--no-tls")
    assert server.url
    assert (tmp_path / "data" / "server.lock").read_text() == f"{server.process.pid}\n"
    server.process.terminate()
    assert eventually(lambda: server.process.poll() is not None)
    assert serve("--no-tls").url


def test_the_login_line_survives_the_shell() -> None:
    line = login_line("https://[::1]:8443", "o'neil $b`c`", generated=True)
    said = subprocess.run(["sh", "-c", line.replace("curl", "printf '%s\\n'", 1)], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[1:3] == ["--user", "o'neil $b`c`"]


def test_the_login_line_takes_an_unknown_password_from_the_environment() -> None:
    line = login_line("http://127.0.0.1:80", "admin", generated=False)
    assert (
        line == 'curl --user admin:"$CONTENTLIB_ADMIN_PASSWORD" --request POST http://127.0.0.1:80/rest/com/vmware/cis/session'
    )


def test_a_server_serves_also_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    port = server.reserve("127.0.0.1:0")
    port.reserved.close()
    read, write = os.pipe()
    os.close(read)
    command = [str(CONTENTLIB), "serve", "--no-tls", "--data-dir", str(tmp_path / "data")]
    environment = processes.ENVIRONMENT | {"CONTENTLIB_ADMIN_PASSWORD": "secret"}
    process = subprocess.Popen([*command, "--listen", f"127.0.0.1:{port.number}"], stdout=write, env=environment)
    os.close(write)
    try:
        assert eventually(port.accepts, seconds=30)
        assert httpx.get(f"{port.url('http')}/healthz").text == "ok\n"
        process.terminate()
        process.wait(30)
    finally:
        process.kill()
