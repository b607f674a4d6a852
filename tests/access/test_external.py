"""Users and groups from identity providers: who is admitted, who becomes a member, and what stays with the local users."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from access.people import SECRET, People
from backends import BACKEND
from contentlib.access.external import ExternalIdentity, ExternalUsers
from contentlib.access.names import UserNames
from contentlib.library.model import User
from contentlib.library.ports import MetadataStore
from contentlib.vapi.errors import Unauthenticated
from contracts import made
from whole import NAME, Whole

KEYCLOAK = "oidc:keycloak"
ANN = ExternalIdentity(KEYCLOAK, "4711", "ann@corp.example", "Ann A.", "ann@mail.example", ("/staff", "/unmapped"))


class Outside:
    """Providers, and the administrator's view of what they lead to."""

    def __init__(self, app: Whole, metadata: MetadataStore) -> None:
        self.people = People(app)
        self.metadata = metadata
        self._users = ExternalUsers(metadata, UserNames(NAME), "Basic")

    async def admit(self, identity: ExternalIdentity) -> User:
        return await self._users.admit(identity)

    async def refusal(self, identity: ExternalIdentity) -> str:
        with pytest.raises(Unauthenticated) as refused:
            await self._users.admit(identity)
        return str(refused.value)

    async def group(self, name: str, external: str, source: str = KEYCLOAK) -> None:
        await self.people.done("POST", "/groups", {"name": name, "source": source, "external_name": external})

    async def groups_of(self, name: str) -> list[str]:
        return list((await self.people.done("GET", f"/users/{name}"))["groups"])


@pytest.fixture
async def outside(app: Whole) -> AsyncIterator[Outside]:
    metadata = BACKEND.open_rows(app.settings.data_dir / "contentlib.db")
    yield Outside(app, metadata)
    await metadata.close()


async def test_a_first_login_creates_the_user_and_a_later_one_updates_it(outside: Outside) -> None:
    await outside.admit(ANN)
    await outside.admit(replace(ANN, display_name="Ann B.", email="b@mail.example"))
    told = await outside.people.done("GET", "/users/ann@corp.example")
    assert (told["display_name"], told["email"], told["source"]) == ("Ann B.", "b@mail.example", KEYCLOAK)
    assert told["has_password"] is False


async def test_a_login_that_changes_nothing_writes_nothing(outside: Outside) -> None:
    await outside.group("staff", "/staff")
    await outside.admit(ANN)
    before = await made.generation(outside.metadata)  # type: ignore[arg-type] # of the stores that keep users
    await outside.admit(ANN)
    assert await made.generation(outside.metadata) == before  # type: ignore[arg-type] # the same


async def test_logins_at_the_same_moment_create_one_user(outside: Outside) -> None:
    await outside.group("staff", "/staff")
    found = await asyncio.gather(*(outside.admit(ANN) for _ in range(8)))
    assert len(set(found)) == 1
    assert await outside.groups_of("ann@corp.example") == ["staff"]


async def test_a_user_who_is_renamed_at_the_provider_keeps_the_name_here(outside: Outside) -> None:
    await outside.admit(ANN)
    assert (await outside.admit(replace(ANN, name="ann.b@corp.example"))).name == "ann@corp.example"


@pytest.mark.parametrize("name", [NAME, "ADMINISTRATOR@vsphere.local", "administrator", "VSPHERE.LOCAL\\Administrator"])
async def test_a_local_user_is_never_taken_over(outside: Outside, name: str) -> None:
    text = await outside.refusal(replace(ANN, name=name))
    assert text.endswith("of oidc:keycloak cannot log in: the name belongs to another user")
    assert (await outside.people.done("GET", f"/users/{NAME}")).get("source") is None


@pytest.mark.parametrize("changed", [{"subject": "4712"}, {"provider": "oidc:other"}])
async def test_a_user_of_another_provider_or_subject_is_never_taken_over(outside: Outside, changed: dict[str, str]) -> None:
    await outside.admit(ANN)
    assert "the name belongs to another user" in await outside.refusal(replace(ANN, **changed))


async def test_a_user_who_is_disabled_here_is_refused_and_stays_so(outside: Outside) -> None:
    await outside.admit(ANN)
    await outside.people.done("PATCH", "/users/ann@corp.example", {"enabled": False})
    assert await outside.refusal(ANN) == "user ann@corp.example of oidc:keycloak is disabled"


@pytest.mark.parametrize("name", ["", "a@b@c", "an:n", "ann\n", "x" * 300])
async def test_a_name_that_cannot_be_used_is_refused(outside: Outside, name: str) -> None:
    assert (await outside.refusal(replace(ANN, name=name))).startswith("oidc:keycloak sent an unusable user name: name ")


@pytest.mark.parametrize("subject", ["", "x" * 256, "a\0b"])
async def test_an_identifier_that_cannot_be_kept_is_refused(outside: Outside, subject: str) -> None:
    assert await outside.refusal(replace(ANN, subject=subject)) == "oidc:keycloak sent no usable identifier of the user"


async def test_texts_for_people_are_cut_to_what_can_be_kept(outside: Outside) -> None:
    user = await outside.admit(replace(ANN, display_name="\0" + "x" * 999, email="y" * 999))
    assert (user.display_name, user.email) == ("\ufffd" + "x" * 254, "")


async def test_groups_of_the_provider_give_the_rights_of_groups_here(outside: Outside) -> None:
    await outside.group("staff", "/staff")
    await outside.people.permit("staff", "Auditor", kind="GROUP")  # before anybody has logged in
    await outside.admit(ANN)
    _, secret = await outside.people.token("ann@corp.example")
    assert await outside.groups_of("ann@corp.example") == ["staff"]
    assert (await outside.people.as_user("GET", "/api/contentlib/access/users", secret)).status_code == 200
    await outside.admit(replace(ANN, groups=()))
    assert await outside.groups_of("ann@corp.example") == []
    assert (await outside.people.as_user("GET", "/api/contentlib/access/users", secret)).status_code == 403


async def test_a_provider_replaces_only_the_memberships_that_it_asserted(outside: Outside) -> None:
    await outside.group("staff", "/staff")
    await outside.people.group("local")
    await outside.admit(ANN)
    member = {"name": "ann@corp.example", "type": "USER"}
    for group in ("local", "staff"):
        await outside.people.done("POST", f"/groups/{group}?action=add-member", member)
    await outside.admit(replace(ANN, groups=()))
    assert await outside.groups_of("ann@corp.example") == ["local", "staff"]


async def test_a_membership_that_a_provider_asserts_ends_at_the_provider(outside: Outside) -> None:
    await outside.group("staff", "/staff")
    await outside.admit(ANN)
    member = {"name": "ann@corp.example", "type": "USER"}
    status, kind, text = await outside.people.refusal("POST", "/groups/staff?action=remove-member", member)
    assert (status, kind) == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    assert text == "'ann@corp.example' is a member of group 'staff' by oidc:keycloak and cannot be removed here"


async def test_names_of_groups_are_compared_as_the_provider_does(outside: Outside) -> None:
    await outside.group("staff", "/Staff")
    await outside.group("engineers", "CN=Engineers,DC=corp", "ldap:corp")
    await outside.admit(ANN)
    await outside.admit(ExternalIdentity("ldap:corp", "1", "bob@corp.example", groups=("cn=engineers,dc=CORP",)))
    assert await outside.groups_of("ann@corp.example") == []
    assert await outside.groups_of("bob@corp.example") == ["engineers"]


async def test_a_group_of_a_provider_is_mapped_once(outside: Outside) -> None:
    await outside.group("staff", "/staff")
    spec = {"name": "other", "source": KEYCLOAK, "external_name": "/staff"}
    status, kind, text = await outside.people.refusal("POST", "/groups", spec)
    assert (status, kind) == (400, "ALREADY_EXISTS")
    assert text == "'/staff' of oidc:keycloak is already mapped to group 'staff'"


async def test_a_group_is_mapped_anew_with_its_permissions(outside: Outside) -> None:
    await outside.group("staff", "/staff")
    await outside.people.permit("staff", "Auditor", kind="GROUP")
    await outside.admit(ANN)
    await outside.people.done("POST", "/groups/staff?action=map", {"source": KEYCLOAK, "external_name": "/people"})
    assert await outside.groups_of("ann@corp.example") == []
    await outside.admit(replace(ANN, groups=("/people",)))
    assert await outside.groups_of("ann@corp.example") == ["staff"]
    await outside.people.done("POST", "/groups/staff?action=map")
    assert await outside.groups_of("ann@corp.example") == []
    told = await outside.people.done("GET", "/groups/staff")
    assert "source" not in told
    assert len(await outside.people.done("GET", "/permissions")) == 2


async def test_a_group_is_not_mapped_to_what_another_one_is(outside: Outside) -> None:
    await outside.group("staff", "/staff")
    await outside.people.group("local", "administrator@vsphere.local")
    for spec, kind in (
        ({"source": KEYCLOAK, "external_name": "/staff"}, "ALREADY_EXISTS"),
        ({"source": KEYCLOAK}, "INVALID_ARGUMENT"),
    ):
        assert (await outside.people.refusal("POST", "/groups/local?action=map", spec))[1] == kind
    assert (await outside.people.refusal("POST", "/groups/nobody?action=map"))[1] == "NOT_FOUND"
    await outside.people.done("POST", "/groups/staff?action=map", {"source": KEYCLOAK, "external_name": "/staff"})


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"source": KEYCLOAK}, "spec.external_name is required: source and external_name go together"),
        ({"external_name": "x"}, "spec.source is required: source and external_name go together"),
        ({"source": "keycloak", "external_name": "x"}, "spec.source must be oidc:NAME or ldap:NAME, not 'keycloak'"),
        ({"source": KEYCLOAK, "external_name": ""}, "spec.external_name must not be empty"),
        (
            {"source": KEYCLOAK, "external_name": "x" * 1025},
            "spec.external_name is 1025 characters; at most 1024 are allowed",
        ),
    ],
)
async def test_half_a_mapping_is_refused(outside: Outside, spec: dict[str, str], problem: str) -> None:
    status, kind, text = await outside.people.refusal("POST", "/groups", {"name": "staff", **spec})
    assert (status, kind, text) == (400, "INVALID_ARGUMENT", problem)


async def test_a_user_of_a_provider_has_no_password_here(outside: Outside) -> None:
    await outside.admit(ANN)
    path = "/users/ann@corp.example?action=set-password"
    status, kind, text = await outside.people.refusal("POST", path, {"password": SECRET})
    assert (status, kind) == (400, "INVALID_ARGUMENT")
    assert text == "password cannot be set: user ann@corp.example logs in with oidc:keycloak"
    assert (await outside.people.app.login("ann@corp.example", "")).status_code == 401


async def test_a_user_of_a_provider_does_not_replace_the_last_local_administrator(outside: Outside) -> None:
    await outside.admit(ANN)
    await outside.people.permit("ann@corp.example", "Administrator")
    refused = await outside.people.refusal("DELETE", f"/users/{NAME}")
    assert refused[1] == "NOT_ALLOWED_IN_CURRENT_STATE"
