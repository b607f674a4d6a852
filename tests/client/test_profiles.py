"""The file with the servers that a user has logged in to."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from client.making import Keyring
from contentlib.client.failures import ClientFailed
from contentlib.client.profiles import Profile, Profiles, profiles_file


def test_a_profile_is_kept_in_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "config" / "profiles.json"
    Profiles(path).put("lab", Profile("https://lab.example", "ann", session="secret"))
    assert Profiles(path).get("lab").session == "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    Profiles(path).put("lab", Profile("https://lab.example"))
    path.chmod(0o640)
    with pytest.raises(ClientFailed, match="mode 0640; run: chmod 0600"):
        Profiles(path).get("lab")


def test_an_unknown_profile_names_those_that_exist(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles.json")
    with pytest.raises(ClientFailed, match=r"contentlib login URL --profile lab$"):
        profiles.get("lab")
    profiles.put("home", Profile("https://home.example"))
    with pytest.raises(ClientFailed, match="profiles: home"):
        profiles.get("lab")


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    path.write_text("{")
    path.chmod(0o600)
    with pytest.raises(ClientFailed, match="is damaged"):
        Profiles(path).all()


def test_profiles_that_are_added_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    names = [f"server-{n}" for n in range(20)]
    added = [threading.Thread(target=Profiles(path).put, args=(name, Profile(f"https://{name}"))) for name in names]
    for each in added:
        each.start()
    for each in added:
        each.join()
    Profiles(path).remove(names[0])
    assert sorted(Profiles(path).all()) == sorted(names[1:])


def test_the_file_is_where_the_desktop_keeps_configuration() -> None:
    assert profiles_file({"XDG_CONFIG_HOME": "/x"}) == Path("/x/contentlib/profiles.json")
    assert profiles_file({"HOME": "/home/ann"}) == Path("/home/ann/.config/contentlib/profiles.json")


class TestKeyring:
    def test_a_secret_is_in_the_keyring_and_not_in_the_file(self, tmp_path: Path, keyring: Keyring) -> None:
        keyring.use()
        path = tmp_path / "profiles.json"
        Profiles(path).put("lab", given := Profile("https://lab.example", "ann", token="secret"))
        assert Profiles(path).get("lab") == given
        assert "secret" not in path.read_text()
        Profiles(path).remove("lab")
        assert keyring.kept == {}

    def test_files_of_a_user_do_not_share_secrets(self, tmp_path: Path, keyring: Keyring) -> None:
        keyring.use()
        for each in ("one", "two"):
            Profiles(tmp_path / each / "profiles.json").put("lab", Profile("https://lab.example", session=each))
        assert Profiles(tmp_path / "one" / "profiles.json").get("lab").session == "one"

    def test_a_keyring_that_stays_locked_is_not_used(self, tmp_path: Path, keyring: Keyring) -> None:
        keyring.use()
        keyring.locked = True
        Profiles(tmp_path / "profiles.json").put("lab", Profile("https://lab.example", session="secret"))
        assert "secret" in (tmp_path / "profiles.json").read_text()
        assert Profiles(tmp_path / "profiles.json").get("lab").session == "secret"

    def test_a_secret_that_cannot_be_read_is_explained(self, tmp_path: Path, keyring: Keyring) -> None:
        keyring.use()
        profiles = Profiles(tmp_path / "profiles.json")
        profiles.put("lab", Profile("https://lab.example", session="secret"))
        keyring.locked = True
        with pytest.raises(
            ClientFailed, match="profile 'lab': the keyring of the system cannot be read: it is locked; log in again"
        ):
            profiles.get("lab")
        keyring.locked = False
        keyring.kept.clear()
        with pytest.raises(ClientFailed, match="is not in the keyring of the system any more; log in again"):
            profiles.get("lab")
        keyring.priority = 0.0
        with pytest.raises(ClientFailed, match="which cannot be used here; log in again"):
            profiles.get("lab")

    def test_a_new_login_without_a_keyring_replaces_one_with_it(self, tmp_path: Path, keyring: Keyring) -> None:
        keyring.use()
        profiles = Profiles(tmp_path / "profiles.json")
        profiles.put("lab", Profile("https://lab.example", session="old"))
        keyring.priority = 0.0
        profiles.put("lab", Profile("https://lab.example", session="new"))
        assert profiles.get("lab").session == "new"
