"""Users, groups and tokens of a running application, made as an administrator makes them."""

from __future__ import annotations

from typing import Any

import httpx

from whole import TOKEN, Whole

ACCESS = "/api/contentlib/access"
SECRET = "correct horse battery"


class People:
    """Asks the services of access; the client of the application is the administrator's."""

    def __init__(self, app: Whole) -> None:
        self.app = app

    async def ask(self, method: str, path: str, body: object = None, token: str | None = None) -> httpx.Response:
        """The answer to a request below /api/contentlib/access, by the administrator or with a token as bearer."""
        headers = {} if token is None else {TOKEN: "", "authorization": f"Bearer {token}"}
        return await self.app.send(method, f"{ACCESS}{path}", body, headers)

    async def done(self, method: str, path: str, body: object = None, token: str | None = None) -> Any:
        """What is answered to a request that succeeds."""
        answer = await self.ask(method, path, body, token)
        assert answer.status_code < 300, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def refusal(self, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, str, str]:
        """Status, type and message of an error."""
        answer = await self.ask(method, path, body, token)
        value = answer.json()
        return answer.status_code, value["error_type"], value["messages"][0]["default_message"]

    async def user(self, name: str, **more: object) -> str:
        """A new user with the password of these tests."""
        return str(await self.done("POST", "/users", {"name": name, "password": SECRET, **more}))

    async def group(self, name: str, *users: str, groups: tuple[str, ...] = ()) -> str:
        """A new group with members."""
        await self.done("POST", "/groups", {"name": name})
        for member, kind in [*((each, "USER") for each in users), *((each, "GROUP") for each in groups)]:
            await self.done("POST", f"/groups/{name}?action=add-member", {"name": member, "type": kind})
        return name

    async def permit(self, principal: str, role: str, library: str | None = None, kind: str = "USER") -> str:
        """The identifier of a permission that is set."""
        spec = {"principal": principal, "principal_type": kind, "role": role, "library": library}
        return str(await self.done("PUT", "/permissions", {name: value for name, value in spec.items() if value}))

    async def token(self, user: str, **more: object) -> tuple[str, str]:
        """The identifier and the secret of a new token."""
        made = await self.done("POST", "/tokens", {"name": "pipeline", "user": user, **more})
        return made["token"], made["secret"]

    async def login(self, name: str, password: str = SECRET) -> str:
        """The token of a new session."""
        answer = await self.app.login(name, password)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["value"])

    async def as_user(self, method: str, target: str, secret: str, body: object = None) -> httpx.Response:
        """The answer to any request that carries an API token as bearer."""
        return await self.app.send(method, target, body, {TOKEN: "", "authorization": f"Bearer {secret}"})
