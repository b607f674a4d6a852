from __future__ import annotations

import os
from pathlib import Path

import pytest

from contentlib import settings
from contentlib.cli import certificate
from contentlib.settings import ConfigurationError, Settings, load, shown_value

PROCESSORS = min(len(os.sched_getaffinity(0)), 8)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CONTENTLIB_{name.upper()}", raising=False)
    return tmp_path


def faults(text: str = "", **overrides: object) -> list[str]:
    Path("faulty.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(Path("faulty.toml"), overrides)
    return caught.value.faults


def test_everything_has_a_default() -> None:
    loaded = load()
    assert set(loaded.sources.values()) == {"default"}
    assert loaded.settings == Settings()
    assert [(each.id, each.name, each.path) for each in loaded.settings.storage] == [
        ("datastore-1", "default", Path("var/storage"))
    ]


def test_the_default_storage_is_in_the_data_directory() -> None:
    assert load(None, {"data_dir": Path("other")}).settings.storage[0].path == Path("other/storage")


def test_the_command_line_comes_before_the_environment_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("contentlib.toml").write_text("workers = 2\nversions_kept = 2\nlease_seconds = 2\n")
    monkeypatch.setenv("CONTENTLIB_WORKERS", "3")
    monkeypatch.setenv("CONTENTLIB_VERSIONS_KEPT", "3")
    loaded = load(None, {"workers": 4})
    assert (loaded.settings.workers, loaded.settings.versions_kept, loaded.settings.lease_seconds) == (4, 3, 2)
    assert loaded.sources["workers"] == "command line"
    assert loaded.sources["versions_kept"] == "environment CONTENTLIB_VERSIONS_KEPT"
    assert loaded.sources["lease_seconds"] == "file contentlib.toml"


def test_a_named_file_is_read_instead_of_the_default_one() -> None:
    Path("contentlib.toml").write_text("workers = 200\n")
    Path("my.toml").write_text("")
    assert load(Path("my.toml")).settings.workers == PROCESSORS


def test_settings_made_in_code_read_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENTLIB_WORKERS", "200")
    assert Settings().workers == PROCESSORS


def test_storage_is_a_list_of_tables() -> None:
    table = '[[storage]]\nid = "{0}"\nname = "{0}"\npath = "{0}"\n'
    Path("contentlib.toml").write_text(table.format("fast") + table.format("big"))
    assert [place.id for place in load().settings.storage] == ["fast", "big"]


def test_storage_in_the_environment_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENTLIB_STORAGE", '[{"id": "a", "name": "b", "path": "c"}]')
    assert load().settings.storage == (settings.Storage(id="a", name="b", path=Path("c")),)
    monkeypatch.setenv("CONTENTLIB_STORAGE", "a:b:c")
    assert faults()[0].startswith("storage: is not JSON: ")


def test_lists_in_the_environment_are_json(monkeypatch: pytest.MonkeyPatch, elsewhere: Path) -> None:
    monkeypatch.setenv("CONTENTLIB_OUTBOUND_ALLOW", '["127.0.0.0/8", "*.example.org"]')
    monkeypatch.setenv("CONTENTLIB_IMPORT_ROOTS", f'["{elsewhere}"]')
    found = load().settings
    assert (found.outbound_allow, found.import_roots) == (("127.0.0.0/8", "*.example.org"), (elsewhere,))
    assert shown_value(found.outbound_allow) == "127.0.0.0/8, *.example.org"
    assert shown_value(found.outbound_deny) == "none"


def test_a_proxy_is_a_secret_because_it_may_hold_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENTLIB_OUTBOUND_PROXY", "http://ann:secret@proxy.example:3128")
    assert "secret" not in shown_value(load().settings.outbound_proxy)
    monkeypatch.setenv("CONTENTLIB_OUTBOUND_PROXY", "socks://ann:secret@proxy.example")
    with pytest.raises(ConfigurationError, match=r"outbound_proxy: is SCHEME://") as refused:
        load()
    assert "secret" not in str(refused.value)


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENTLIB_ADMIN_PASSWORD", "")
    assert load().settings.admin_password is None


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENTLIB_LEASE_SECONDS", "soon")
    monkeypatch.setenv("CONTENTLIB_WORKER", "1")
    told = faults('workers = 0\nlog_levl = "info"\ndata_dir = 4\ntls_key = "none.pem"\n', tls=False, listen="0.0.0.0:1")
    names = sorted(fault.split(":")[0] for fault in told)
    assert names == ["data_dir", "lease_seconds", "log_levl", "tls", "tls_certificate", "tls_key", "worker", "workers"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("workers = 0", "workers: should be greater than or equal to 1, not 0"),
        ("trash_seconds = 10000000000", "trash_seconds: should be less than or equal to 3153600000, not 10000000000"),
        ('workers = "many"', "workers: should be a valid integer, unable to parse string as an integer, not 'many'"),
        ('log_levl = "info"', "log_levl: is not a setting; log_level is"),
        ('log_level = "loud"', "log_level: should be 'debug', 'info', 'warning' or 'error', not 'loud'"),
        ('listen = "8443"', "listen: is HOST:PORT, an IPv6 address in brackets, not '8443'"),
        ('listen = "::1:8443"', "listen: is HOST:PORT, an IPv6 address in brackets, not '::1:8443'"),
        ('listen = "a:65536"', "listen: a port is a number from 0 to 65535, not 'a:65536'"),
        ('public_url = "h/x"', "public_url: is SCHEME://HOST[:PORT][/PATH] with the scheme http or https, not 'h/x'"),
        (
            'public_url = "https://h/a b"',
            "public_url: is SCHEME://HOST[:PORT][/PATH] with the scheme http or https, not 'https://h/a b'",
        ),
        ('admin_name = "a:b"', "admin_name: a name holds neither colons nor control characters, not 'a:b'"),
        ("admin_password = 5", "admin_password: should be a valid string"),
        ("storage = []", "storage: at least one is needed"),
        ('storage = [{ id = "a", name = "a" }]', "storage[0]: requires either path or url"),
        ('storage = [{ id = "a", name = "a", path = "x", url = "s3://abc" }]', "storage[0]: requires either path or url"),
        ('storage = [{ id = "a", name = "a", path = "x", region = "b" }]', "storage[0]: region is not allowed with path"),
        ('storage = [{ id = "a", name = "a", url = "s3://abc", reserve = 1 }]', "storage[0]: reserve is not allowed with url"),
        ('storage = [{ id = "a", name = "a", path = "x", redirect = true }]', "storage[0]: redirect is not allowed with path"),
        ('storage = [{ id = "a", name = "a", path = "x", cache = "y" }]', "storage[0]: cache is not allowed with path"),
        (
            'storage = [{ id = "a", name = "a", url = "s3://abc", cache_bytes = 67108864 }]',
            "storage[0]: cache_bytes requires cache",
        ),
        (
            'storage = [{ id = "a", name = "a", url = "s3://abc", redirect_endpoint = "http://s3" }]',
            "storage[0]: redirect_endpoint requires redirect = true",
        ),
        (
            'storage = [{ id = "a", name = "a", url = "s3://abc", credentials = "none" }]',
            "storage: credentials none of a is not a file",
        ),
        (
            'storage = [{ id = "a", name = "a", url = "s3://abc/d" }, { id = "b", name = "b", url = "s3://abc/d/" }]',
            "storage: the url s3://abc/d is given twice",
        ),
        ('data_dir = "faulty.toml"', "data_dir: {here}/faulty.toml is not a directory"),
        (
            'outbound_allow = ["10.0.0.0/33"]',
            "outbound_allow: '10.0.0.0/33' is neither a network nor a host pattern such as *.example.org, not ['10.0.0.0/33']",
        ),
        (
            'outbound_deny = ["10.0.0"]',
            "outbound_deny: '10.0.0' is neither a network nor a host pattern such as *.example.org, not ['10.0.0']",
        ),
        (
            'outbound_ca_bundle = "faulty.toml"',
            "outbound_ca_bundle: faulty.toml contains no certificates: NO_CERTIFICATE_OR_CRL_FOUND",
        ),
        ('import_roots = ["none"]', "import_roots: none is not a directory"),
        ('tls_key = "faulty.toml"', "tls_certificate: is not set, but tls_key is"),
        ('tls_certificate = "faulty.toml"', "tls_key: is not set, but tls_certificate is"),
        ("a =", "config: faulty.toml is not TOML: Invalid value (at end of document)"),
    ],
)
def test_a_fault_names_its_setting(text: str, fault: str, elsewhere: Path) -> None:
    assert faults(text) == [fault.replace("{here}", str(elsewhere))]


def test_storages_differ_in_id_and_path() -> None:
    text = '[[storage]]\nid = "a"\nname = "a"\npath = "p"\n' * 2
    assert faults(text) == ["storage: the id a is given twice", f"storage: the path {Path('p').resolve()} is given twice"]


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"^config: none\.toml cannot be read: No such file or directory$"):
        load(Path("none.toml"))


@pytest.mark.parametrize("listen", ["127.0.0.1:80", "localhost:80", "[::1]:80", "127.8.8.8:0"])
def test_plain_http_is_allowed_on_loopback(listen: str) -> None:
    assert not load(None, {"tls": False, "listen": listen}).settings.tls


@pytest.mark.parametrize("listen", ["0.0.0.0:80", "[::]:80", "example.org:80", "192.0.2.1:80"])
def test_plain_http_elsewhere_needs_a_setting(listen: str) -> None:
    (fault,) = faults(tls=False, listen=listen)
    assert fault.startswith("tls: plain HTTP on ")
    assert not load(None, {"tls": False, "listen": listen, "allow_plain_http_off_loopback": True}).settings.tls


def test_a_certificate_and_another_ones_key_are_refused() -> None:
    one, other = (certificate.of(Settings(data_dir=Path(name))) for name in (".", "other"))
    assert one
    assert other
    assert load(None, {"tls_certificate": one.certificate, "tls_key": one.key})
    (fault,) = faults(tls_certificate=one.certificate, tls_key=other.key)
    assert fault.startswith(
        "tls_certificate: tls/certificate.pem and tls_key other/tls/key.pem are not a certificate and its key"
    )


def test_every_setting_has_a_row_of_text() -> None:
    rows = settings.rows()
    assert [row[0] for row in rows] == list(Settings.model_fields)
    assert all(all(row) for row in rows)
    assert ("workers", "integer", "number of processors, at most `8`") in [row[:3] for row in rows]
    assert ("log_format", "`text` or `json`", "text") in [row[:3] for row in rows]


def test_a_public_url_ends_without_a_slash() -> None:
    assert Settings(public_url="https://images.example.org/").public_url == "https://images.example.org"
    assert Settings(public_url="https://images.example.org/lib/").public_url == "https://images.example.org/lib"


def test_pipes_in_the_place_of_files_are_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    given = {"data_dir": tmp_path, "tls_certificate": pipe, "tls_key": pipe, "outbound_ca_bundle": pipe}
    with pytest.raises(ConfigurationError) as refused:
        load(pipe, given)
    assert refused.value.faults == [
        f"config: {pipe} is a pipe, not a regular file",
        f"tls_certificate: {pipe} is not a regular file",
        f"tls_key: {pipe} is not a regular file",
        f"outbound_ca_bundle: {pipe} is not a regular file",
    ]
