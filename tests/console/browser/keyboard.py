"""A person who has only a keyboard."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

_NAME = """() => {
    const focused = document.activeElement;
    const label = focused.getAttribute("aria-label") ?? focused.labels?.[0]?.innerText ?? focused.innerText ?? "";
    return [label.trim(), focused.localName === "select" ? [...focused.options].map((each) => each.label) : []];
}"""
_MOST_STOPS = 300


class Keyboard:
    """Presses the keys of a page, and nothing else."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._keys = page.keyboard

    def reach(self, name: str) -> list[str]:
        """Presses Tab until the element of a name has the focus, which must be seen. Returns the options of a list."""
        for _ in range(_MOST_STOPS):
            self._keys.press("Tab")
            found, options = self._page.evaluate(_NAME)
            if found == name:
                assert self._page.evaluate("document.activeElement.matches(':focus-visible')"), name
                return list(options)
        raise AssertionError(f"{name} is not reached with Tab at {self._page.url}")

    def presses(self, name: str) -> None:
        """Presses a button, or follows a link."""
        self.reach(name)
        self._keys.press("Enter")

    def writes(self, **values: str) -> None:
        """Fills in fields; names have _ for spaces."""
        for label, value in values.items():
            self.reach(label.replace("_", " "))
            self._keys.press("ControlOrMeta+A")
            self._keys.insert_text(value)

    def chooses(self, label: str, option: str) -> None:
        """Chooses from a list, with the arrow keys."""
        options = self.reach(label)
        self._keys.press("Home")
        for _ in range(options.index(option)):
            self._keys.press("ArrowDown")

    def switches(self, label: str) -> None:
        """Sets or clears a check box."""
        self.reach(label)
        self._keys.press("Space")

    def submits(self, name: str) -> None:
        """Presses a button of the dialog that is open; until it is closed."""
        self.presses(name)
        expect(self._page.get_by_role("dialog")).to_have_count(0)

    def takes(self, file: Path, button: str) -> None:
        """Presses a button that asks for files, and chooses one."""
        with self._page.expect_file_chooser() as chooser:
            self.presses(button)
        chooser.value.set_files(file)

    def downloads(self, name: str, directory: Path) -> bytes:
        """The content of a file of the item that is shown."""
        with self._page.expect_download() as download:
            self.presses(f"Download: {name}")
        download.value.save_as(directory / name)
        return (directory / name).read_bytes()

    def goes(self, letter: str) -> None:
        """Goes to a screen by its letter."""
        self._keys.press("g")
        self._keys.press(letter)
