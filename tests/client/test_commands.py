"""The commands that are clients of a server, at a running server."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from client.commands import Terminal
from client.making import content, written
from contentlib.client.profiles import Profile
from generator.program import each_command
from packages import archive, package
from processes import Running
from whole import NAME, PASSWORD


@pytest.fixture
def name(terminal: Terminal) -> str:
    """A new library."""
    made = f"images {uuid.uuid4()}"
    terminal.done("library", "create", made)
    return made


def test_libraries_are_created_changed_and_deleted(terminal: Terminal, name: str) -> None:
    assert f"{name}  local  " in terminal.done("library", "ls")
    new = f"new {name}"
    terminal.done("library", "edit", name, "--name", new, "--description", "for tests")
    found = {each["name"]: each for each in json.loads(terminal.done("library", "ls", "--json"))}
    assert found[new]["description"] == "for tests"
    assert f"Delete library {new!r} with 0 items (0 B)?" in terminal.run("library", "rm", new, stdin="n\n").err
    terminal.done("library", "rm", new, "--yes")
    assert terminal.run("library", "rm", new, "--yes").code == 3
    assert terminal.done("trash", "restore", new) == f"library {new!r} was restored\n"
    assert new in terminal.done("library", "ls")


def test_files_are_imported_shown_and_exported(terminal: Terminal, name: str, folder: Path, tmp_path: Path) -> None:
    written(folder, {"debian.iso": content(5000), "tiny.ova": archive(package())})
    assert sorted(terminal.done("import", folder, name).split("\n")[:2]) == [
        "created debian  version 2  4.9 KiB",
        f"created tiny  version 2  {sum(map(len, package().values())) / 1024:.1f} KiB",
    ]
    assert terminal.done("import", folder / "debian.iso", name) == "unchanged debian  version 2  4.9 KiB\n"
    assert "SHA256" in terminal.done("item", "show", f"{name}/debian")
    assert [line.split()[0] for line in terminal.done("item", "ls", name).splitlines()] == ["debian", "tiny"]
    told = terminal.done("export", f"{name}/tiny", tmp_path / "out")
    assert told == f"exported tiny  3 files, 3 read  {tmp_path}/out\n"
    assert {each.name: each.read_bytes() for each in (tmp_path / "out").iterdir()} == package()


def test_an_item_that_has_no_folder_name_does_not_stop_the_others(
    terminal: Terminal, name: str, folder: Path, tmp_path: Path
) -> None:
    written(folder, {"a.iso": b"a"})
    terminal.done("import", folder / "a.iso", name)
    terminal.done("import", folder / "a.iso", f"{name}/up/../down")
    ended = terminal.run("export", name, tmp_path / "out")
    assert (ended.code, ended.out) == (1, f"exported a  1 files, 1 read  {tmp_path}/out/a\n")
    assert "'up/../down' cannot be the name of a local file" in ended.err
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["a"]


def test_an_earlier_version_becomes_current_again(terminal: Terminal, name: str, folder: Path) -> None:
    for text in (b"one", b"two"):
        written(folder, {"a.iso": text})
        terminal.done("import", folder / "a.iso", f"{name}/disc")
    versions = [line.split()[0] for line in terminal.done("versions", f"{name}/disc").splitlines()]
    made = terminal.done("rollback", f"{name}/disc", versions[-1]).strip()
    assert int(made) > int(versions[0])
    ended = terminal.run("rollback", f"{name}/disc", "77")
    assert (ended.code, "77" in ended.err) == (3, True)


def test_labels_are_set_and_removed(terminal: Terminal, name: str, folder: Path) -> None:
    written(folder, {"a.iso": content(50)})
    terminal.done("import", folder / "a.iso", name)
    assert (
        terminal.done("item", "label", f"{name}/a", "env=a=b", "keep", "--notes", "ours") == "env     a=b\nkeep\nnotes:  ours\n"
    )
    assert terminal.done("item", "label", f"{name}/a", "--remove", "env") == "keep\nnotes:  ours\n"
    told = json.loads(terminal.done("library", "label", name, "site=berlin", "--json"))
    assert told == {"labels": [{"key": "site", "value": "berlin"}], "notes": ""}
    assert terminal.done("library", "label", name) == "site  berlin\n"
    assert "spec.labels.key must be" in terminal.run("library", "label", name, "not a key=1").err


def test_an_item_is_copied_and_deleted(terminal: Terminal, name: str, folder: Path) -> None:
    written(folder, {"a.iso": content(5000)})
    terminal.done("import", folder / "a.iso", name)
    made = terminal.done("item", "copy", f"{name}/a", f"{name}/b").strip()
    assert json.loads(terminal.done("item", "show", f"{name}/b", "--json"))["item"]["id"] == made
    assert any(line.startswith(made) or "SUCCEEDED" in line for line in terminal.done("tasks").splitlines())
    assert terminal.done("tasks", "--follow") == ""
    terminal.done("item", "rm", f"{name}/b", "--yes")
    assert "until 20" in terminal.done("trash", "ls")
    terminal.done("trash", "purge", made, "--yes")
    assert terminal.run("trash", "restore", made).code == 3


def test_an_item_is_copied_through_this_machine(terminal: Terminal, name: str, folder: Path, tmp_path: Path) -> None:
    written(folder, {"a.iso": content(5000)})
    terminal.done("import", folder / "a.iso", name)
    assert terminal.done("cp", f"default:{name}/a", f"{name}/copy") == "created copy  version 2  4.9 KiB\n"
    assert list((tmp_path / "cache" / "contentlib" / "cp").iterdir()) == []


def test_a_library_is_mirrored_both_ways(terminal: Terminal, name: str, folder: Path, tmp_path: Path) -> None:
    written(folder, {"a/one": b"1", "a/two": b"2", "b.iso": b"b"})
    terminal.done("mirror", folder, name)
    terminal.done("mirror", tmp_path / "down", name, "--down")
    written(tmp_path / "down", {"c/old": b"", "a/old": b""})
    terminal.done("mirror", tmp_path / "down", name, "--down", "--delete", "--yes")
    found = {str(each.relative_to(tmp_path / "down")) for each in (tmp_path / "down").rglob("*") if each.is_file()}
    assert found == {"a/one", "a/two", "b/b.iso"}
    (folder / "b.iso").unlink()
    assert terminal.done("mirror", folder, name, "--delete", "--yes") == "unchanged a  version 2  2 B\n"
    assert terminal.done("item", "ls", name).split()[0] == "a"


def test_a_library_is_published_and_followed(terminal: Terminal, name: str, folder: Path) -> None:
    written(folder, {"a.iso": content(5000)})
    terminal.done("import", folder / "a.iso", name)
    (folder / "password").write_text("secret of the publisher\n")
    url = terminal.done("library", "publish", name, "--password-file", folder / "password").strip()
    assert url.endswith("/lib.json")
    terminal.done("library", "subscribe", f"copy of {name}", url, "--password-file", folder / "password")
    assert "is synchronized" in terminal.done("library", "sync", f"copy of {name}")
    assert terminal.done("item", "ls", f"copy of {name}").split()[0] == "a"
    off = ("library", "publish", name, "--off", "--current-password-file", folder / "password")
    assert "not published any more" in terminal.done(*off)


def test_any_operation_can_be_called(terminal: Terminal) -> None:
    found = json.loads(terminal.done("call", "contentlib.access.users.list"))
    assert NAME in found
    ended = terminal.run("call", "content.library.get", '{"library_id": 5}')
    assert (ended.code, "library_id" in ended.err) == (1, True)
    ended = terminal.run("call", "content.library.get", '{"library": "a"}')
    assert (ended.code, "'library'" in ended.err) == (1, True)
    ended = terminal.run("call", "content.library.gett")
    assert "operations of the service: com.vmware.content.library.convert, " in ended.err


def test_users_and_their_rights_are_listed(terminal: Terminal, name: str) -> None:
    assert NAME in [line.split()[0] for line in terminal.done("users").splitlines()]
    assert terminal.done("roles").startswith("Administrator  ")
    assert "everything" in terminal.done("permissions")
    assert terminal.done("permissions", "--library", name).startswith(f"{NAME}  administrator  ")
    assert json.loads(terminal.done("tokens", "--user", NAME, "--json")) is not None
    assert terminal.run("permissions", "--library", "no such library").code == 3


def test_people_are_managed_from_any_machine(terminal: Terminal, name: str) -> None:
    robin = f"robin-{uuid.uuid4()}@vsphere.local"
    assert terminal.done("users", "add", robin, "--password-file", "-", stdin="right horse 1") == f"user {robin!r} was added\n"
    assert terminal.run("users", "add", robin, "--no-password").code == 1
    terminal.done("users", "edit", robin, "--display-name", "Robin")
    terminal.done("users", "password", robin, "--password-file", "-", stdin="right horse 2")
    assert json.loads(terminal.done("users", "disable", robin, "--json")) == {"user": robin, "enabled": False}
    (line,) = [each for each in terminal.done("users", "ls").splitlines() if each.startswith(robin)]
    assert line.split("  ")[1:3] == ["disabled", "Robin"] or line.split() == [robin, "disabled", "Robin"]
    assert terminal.done("users", "enable", robin) == f"user {robin!r} is enabled\n"

    group, role = f"packers {uuid.uuid4()}", f"packer {uuid.uuid4()}"
    terminal.done("groups", "add", group, "--description", "who packs")
    terminal.done("groups", "join", group, robin)
    assert next(line for line in terminal.done("groups").splitlines() if group in line).endswith(robin)
    terminal.done("groups", "map", group, "--source", "oidc:main", "--external-name", "packers")
    terminal.done("roles", "add", role, "System.Read", "--description", "reads")
    assert terminal.done("roles", "show", role) == "System.Read\n"
    made = terminal.done("permissions", "set", group, role, "--group", "--library", name).strip()
    assert f"{group}  {role}  " in terminal.done("permissions", "--library", name)

    secret = terminal.done("tokens", "add", "ci", "--user", robin, "--days", "3", "--library", name, "--role", role).strip()
    terminal.run("login", terminal.url, "--token-file", "-", "--profile", "robin", stdin=secret)
    assert terminal.done("library", "ls", "--profile", "robin").startswith(f"{name}  ")
    assert terminal.run("item", "rm", f"{name}/none", "--yes", "--profile", "robin").code == 3
    assert terminal.run("library", "create", "not allowed", "--profile", "robin").code == 4
    (token,) = json.loads(terminal.done("tokens", "--user", robin, "--json"))
    terminal.done("tokens", "rm", token["id"], "--yes")
    assert terminal.run("library", "ls", "--profile", "robin").code == 4

    assert "Take role" in terminal.run("permissions", "rm", made, stdin="n\n").err
    terminal.done("permissions", "rm", made, "--yes")
    terminal.done("groups", "leave", group, robin)
    terminal.done("groups", "rm", group, "--yes")
    terminal.done("roles", "rm", role, "--yes")
    terminal.done("users", "rm", robin, "--yes")
    assert terminal.run("users", "rm", robin, "--yes").code == 3


def test_the_audit_log_is_queried(terminal: Terminal, name: str, folder: Path) -> None:
    terminal.done("import", written(folder, {"a.iso": b"a"}), name)
    terminal.done("item", "rm", f"{name}/a", "--yes")
    printed = terminal.done("audit", "query", "--about", name).splitlines()
    assert next(line.split("  ")[3].rpartition(".")[2] for line in printed) == "create"
    (deleted,) = terminal.done(
        "audit", "query", "--about", name, "--operation", "com.vmware.content.library.item.delete"
    ).splitlines()
    assert deleted.split("  ")[1:3] == ["SUCCEEDED", NAME]
    entries = [json.loads(line) for line in terminal.done("audit", "query", "--about", name, "--json").splitlines()]
    assert [each["sequence"] for each in entries] == sorted(each["sequence"] for each in entries)
    assert all(each["hash"] for each in entries)
    newest = json.loads(terminal.done("audit", "query", "--about", name, "--limit", "1", "--json"))
    assert newest == entries[-1]
    assert terminal.done("audit", "query", "--about", name, "--until", entries[0]["time"][:10]) == ""
    assert terminal.done("audit", "query", "--about", name, "--outcome", "refused") == ""
    ended = terminal.run("audit", "query", "--outcome", "odd")
    assert (ended.code, "expected SUCCEEDED, REFUSED or FAILED" in ended.err) == (1, True)


def test_every_command_of_a_client_can_print_json() -> None:
    options = {name: {each for option in command.params for each in option.opts} for name, command in each_command()}
    without = {name for name, found in options.items() if "--profile" in found and "--json" not in found}
    assert without == {"contentlib call"}  # which prints nothing else


def test_confirmations_are_json_too(terminal: Terminal, name: str, folder: Path) -> None:
    terminal.done("import", written(folder, {"a.iso": b"a"}), name)

    def told(*arguments: object) -> dict[str, object]:
        found = json.loads(terminal.done(*arguments, "--json"))
        assert isinstance(found, dict)
        return found

    deleted = told("item", "rm", f"{name}/a", "--yes")
    assert told("trash", "restore", deleted["id"]) == {"id": deleted["id"], "name": "a"}
    assert told("library", "edit", name, "--description", "new")["id"]
    assert told("library", "publish", name)["published"]
    assert told("library", "publish", name, "--off") == {"published": False, "url": None}
    gone = told("library", "rm", name, "--yes")
    assert told("trash", "purge", gone["id"], "--yes") == {"id": gone["id"], "name": name}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["item", "ls", "no such library"], 3, "library 'no such library' does not exist"),
        (["import", "/nowhere.iso", "no such library"], 1, "/nowhere.iso cannot be read"),
        (["library", "ls", "--profile", "lab"], 1, "run: contentlib login URL --profile lab"),
    ],
)
def test_an_error_is_one_line_and_a_code(terminal: Terminal, arguments: list[str], code: int, said: str) -> None:
    ended = terminal.run(*arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert ended.err.startswith("contentlib: ")
    assert said in ended.err


def test_an_item_that_cannot_be_imported_does_not_stop_the_others(terminal: Terminal, name: str, folder: Path) -> None:
    written(folder, {"a.iso": b"a", "tiny.ova": archive(package() | {"disk1.vmdk": b"changed"})})
    ended = terminal.run("import", folder, name, "--json")
    assert ended.code == 1
    assert {each["name"]: each.get("result") for each in json.loads(ended.out)} == {"a": "created", "tiny": None}
    assert "contentlib: tiny: " in ended.err


class TestLogin:
    def test_a_password_starts_a_session(self, server: Running, tmp_path: Path) -> None:
        terminal = Terminal(tmp_path)
        (tmp_path / "password").write_text(PASSWORD)
        ended = terminal.run("login", server.url, "--user", NAME, "--password-file", tmp_path / "password")
        assert (ended.code, ended.out) == (0, "")
        assert ended.err == f"logged in to {server.url} as {NAME} (profile 'default')\n"
        assert terminal.done("profiles") == f"default  {server.url}  {NAME}\n"
        assert terminal.done("logout") == "profile 'default' was removed\n"
        assert terminal.run("library", "ls").code == 1

    def test_a_wrong_password_is_not_kept(self, server: Running, tmp_path: Path) -> None:
        terminal = Terminal(tmp_path)
        ended = terminal.run("login", server.url, "--user", NAME, "--password-file", "-", stdin="wrong\n")
        assert ended.code == 4
        assert terminal.done("profiles") == ""

    def test_a_token_is_enough(self, server: Running, profile: Profile, terminal: Terminal, tmp_path: Path) -> None:
        made = terminal.done("call", "contentlib.access.tokens.create", json.dumps({"spec": {"name": "ci", "user": NAME}}))
        token = json.loads(made)["secret"]
        terminal.run("login", server.url, "--token-file", "-", "--profile", "ci", stdin=token)
        terminal.done("library", "ls", "--profile", "ci")

    def test_a_session_that_has_ended_is_explained(self, server: Running, terminal: Terminal) -> None:
        from contentlib.client.profiles import Profiles

        path = terminal.home / "config" / "contentlib" / "profiles.json"
        Profiles(path).put("old", Profile(server.url, session="0" * 64))
        ended = terminal.run("library", "ls", "--profile", "old")
        assert (ended.code, ended.err.endswith("; run: contentlib login\n")) == (4, True)

    def test_a_server_that_is_not_there_is_not_waited_for(self, tmp_path: Path) -> None:
        ended = Terminal(tmp_path).run("login", "http://127.0.0.1:9", "--user", "a", "--password-file", "-", stdin="b")
        assert (ended.code, ended.err.startswith("contentlib: no answer from http://127.0.0.1:9: ")) == (5, True)

    def test_a_password_is_not_sent_without_tls(self, tmp_path: Path) -> None:
        ended = Terminal(tmp_path).run("login", "http://lib.example", "--user", "a", "--password-file", "-", stdin="b")
        assert (ended.code, "must be an https URL" in ended.err) == (1, True)
