"""A person with a browser, who does what people do in the console."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from processes import PATIENCE_SECONDS

NAME, PASSWORD = "administrator@vsphere.local", "Correct-horse 1!"
expect.set_options(timeout=PATIENCE_SECONDS * 1000)


@dataclass
class Person:
    """A user in a window of the browser; `complaints` is what the browser reports in its console."""

    browser: Browser
    url: str
    name: str
    password: str
    options: dict[str, Any] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.window = self.browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-US"} | self.options)
        self.window.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.page = self._page()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.window.close()

    def _page(self) -> Page:
        page = self.window.new_page()
        page.on("console", self._reported)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request))
        return page

    def _reported(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"{message.type}: {message.text}")

    def log_in(self) -> None:
        """Goes to the server's address and logs in."""
        self.page.goto(self.url)
        self.page.get_by_label("User name").fill(self.name)
        self.page.get_by_label("Password").fill(self.password)
        self.page.keyboard.press("Enter")
        self.sees_title("Overview")

    def goes(self, address: str) -> None:
        """Goes to a screen by its address, as a bookmark does."""
        self.page.goto(f"{self.url}/console#/{address}")

    def follows(self, name: str) -> None:
        """Follows a link."""
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def presses(self, name: str) -> None:
        """Presses a button of the page."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def in_row(self, text: str, button: str) -> None:
        """Presses a button in the row of a table that has a text, also one behind *More*."""
        self._in(self.page.get_by_role("row").filter(has_text=text), button)

    def presses_more(self, button: str) -> None:
        """Presses a button of the page that is behind *More*."""
        self._in(self.page.locator("header.page"), button)

    def _in(self, part: Locator, button: str) -> None:
        found, menu = part.get_by_role("button", name=button, exact=True), part.locator("details.menu")
        expect(part.get_by_role("button").or_(menu).first).to_be_visible()
        if not found.is_visible() and menu.count():
            menu.locator("summary").click()
        found.click()

    def fills(self, **values: str | bool) -> None:
        """Fills in the dialog that is open; names have _ for spaces."""
        for label, value in values.items():
            control = self.page.get_by_role("dialog").get_by_label(label.replace("_", " "), exact=True)
            if isinstance(value, bool):
                control.set_checked(value)
            elif control.evaluate("each => each.localName") == "select":
                control.select_option(label=value)
            else:
                control.fill(value)

    def answers(self, button: str, **values: str | bool) -> None:
        """Fills in the dialog that is open, and presses its button; until it is closed."""
        dialog = self.page.get_by_role("dialog").element_handle()
        self.fills(**values)
        self.page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()
        dialog.wait_for_element_state("hidden")

    def sees_title(self, title: str) -> None:
        """Waits for a screen."""
        expect(self.page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()

    def sees(self, text: str) -> Locator:
        """Waits for a text."""
        found = self.page.get_by_text(text).first
        expect(found).to_be_visible()
        return found

    def drops(self, *files: Path) -> None:
        """Drags files from a folder into the page."""
        script = """(files) => {
            const data = new DataTransfer();
            for (const { name, base64 } of files) {
                const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
                data.items.add(new File([bytes], name));
            }
            return data;
        }"""
        given = [{"name": each.name, "base64": base64.b64encode(each.read_bytes()).decode()} for each in files]
        data = self.page.evaluate_handle(script, given)
        target = self.page.locator(".drop")
        target.dispatch_event("dragover", {"dataTransfer": data})
        target.dispatch_event("drop", {"dataTransfer": data})

    def drags(self, *paths: Path) -> None:
        """Drags files and folders into the page as the desktop does, with the paths of real ones."""
        box = self.page.locator(".drop").bounding_box()
        assert box is not None
        data = {"items": [], "files": [str(each) for each in paths], "dragOperationsMask": 1}
        desktop = self.window.new_cdp_session(self.page)
        for step in ("dragEnter", "dragOver", "drop"):
            place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
            desktop.send("Input.dispatchDragEvent", {"type": step, **place, "data": data})
        desktop.detach()

    def chooses(self, *files: Path, button: str = "Upload") -> None:
        """Chooses files in the browser's dialog."""
        with self.page.expect_file_chooser() as chooser:
            self.presses(button)
        chooser.value.set_files(files)

    def downloads(self, name: str, directory: Path) -> Path:
        """Downloads a file of the item that is shown."""
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name=f"Download: {name}").click()
        target = directory / name
        download.value.save_as(target)
        return target
