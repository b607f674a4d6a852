"""A login at a real identity provider, from the console and back to it."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, expect

from clients.identity_provider import CLIENT, SECRET, provider
from console.browser.person import PASSWORD, Person
from processes import serving


def test_a_person_logs_in_at_a_provider(chromium: Browser, built: None, tmp_path: Path) -> None:
    with provider() as issuer:
        table = {"name": "corp", "issuer": issuer, "client_id": CLIENT, "client_secret": SECRET, "insecure_loopback": True}
        more = {"scopes": ["openid", "profile", "email", "groups"], "domain": "corp.test"}
        options = {"CONTENTLIB_OIDC": json.dumps([table | more]), "CONTENTLIB_ADMIN_PASSWORD": PASSWORD}
        with serving(tmp_path, "--no-tls", **options) as server, Person(chromium, server.url, "robin", "any") as person:
            person.page.goto(f"{server.url}/console#/libraries")
            person.presses("Log in with corp")
            person.page.locator("[name=login]").fill(person.name)
            person.page.locator("[name=password]").fill(person.password)
            person.page.keyboard.press("Enter")
            person.page.get_by_role("button", name="Continue").click()
            expect(person.page.get_by_role("link", name="robin@corp.test")).to_be_visible()
            person.sees("You see no library")
            for screen in ("Overview", "Tasks", "Trash"):
                person.follows(screen)
                person.sees_title(screen)
                expect(person.page.locator(".loading, .problem")).to_have_count(0)
            person.presses("Log out")
            person.sees_title("Log in")
