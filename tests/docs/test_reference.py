from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from contentlib import settings
from contentlib.settings import Settings
from contentlib.vapi.declare import Service
from contentlib.vapi.errors import ERRORS
from docs.reading import DOCS, PAGES, ROOT, blocks, headings, section, text_of
from generator.catalogue import messages
from generator.declared import operations, services
from generator.program import each_command, spellings
from generator.services import file_name

GUIDE = DOCS / "guide"
OPTIONS = {name: {each for option in command.params for each in spellings(option)} for name, command in each_command()}


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_has_its_row(name: str) -> None:
    (row,) = [row for row in settings.rows() if row[0] == name]
    lines = [line for line in text_of(GUIDE / "configure.md").splitlines() if line.startswith(f"| `{name}` |")]
    assert len(lines) == 1
    assert lines[0].endswith(f"| {row[3]} |")


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_every_command_has_its_heading_and_its_options(name: str) -> None:
    told = section(GUIDE / "commands.md", name).replace(r"\|", "|")  # as it is written in a table
    assert [option for option in OPTIONS[name] if option not in told] == []


@pytest.mark.parametrize("service", services(), ids=lambda service: service.vapi_id)
def test_every_operation_has_its_heading(service: type[Service]) -> None:
    page = DOCS / "api" / file_name(service.vapi_id)
    assert headings(page)[0] == service.vapi_id
    assert [each.name for each in operations(service) if each.name not in headings(page)] == []


def test_every_operation_is_in_the_table_of_privileges() -> None:
    told = text_of(DOCS / "api" / "index.md")
    found = [operation for service in services() for operation in operations(service)]
    assert len(found) > 50
    assert [each.id for each in found if f"[{each.id.removeprefix('com.vmware.')}](" not in told] == []
    assert [each.id for each in found for privilege in each.privileges if f"`{privilege.name}`" not in told] == []


def test_every_error_is_in_the_catalogue() -> None:
    assert sorted(set(ERRORS) - set(headings(DOCS / "api" / "errors.md"))) == []


def test_every_message_is_in_the_catalogue_with_what_to_do() -> None:
    told = text_of(DOCS / "api" / "errors.md")
    assert [each.id for each in messages() if f"| `{each.id}` |" not in told or each.remedy not in told] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(GUIDE.glob("*.md"))], ids=lambda page: page.name)
def test_commands_are_written_with_options_that_there_are(page: Path) -> None:
    wrong = [
        f"{name} {option}"
        for name, rest in re.findall(rf"\b({'|'.join(OPTIONS)})\b([^\n`]*)", text_of(page))
        for option in re.findall(r"--[a-z-]+", rest)
        if option not in OPTIONS[name]
    ]
    assert wrong == []


def test_configurations_that_the_guide_shows_are_valid() -> None:
    shown = [text for page in PAGES for language, text in blocks(page) if language == "toml"]
    assert len(shown) >= 4
    for text in shown:
        assert Settings(**tomllib.loads(text))


def test_the_readme_calls_missing_what_is_missing() -> None:
    spoken = {service.vapi_id for service in services()}
    missing = section(ROOT / "README.md", "What is not there yet")
    assert ("Subscribed libraries" in missing) == ("com.vmware.content.subscribed_library" not in spoken)
    assert ("Rollback" in missing) == ("contentlib.library.item.versions" not in spoken)
