"""The guide to single sign-on: its settings are accepted, and its tables name all that there are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from contentlib.settings import Settings
from contentlib.settings.sign_on import OidcProvider, WorkloadRule

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "single-sign-on.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_configuration(example: str) -> None:
    settings = Settings.model_validate(tomllib.loads(example))
    assert settings.oidc or settings.workload


@pytest.mark.parametrize(("table", "model"), [("oidc", OidcProvider), ("workload", WorkloadRule)])
def test_a_table_has_every_setting_with_its_default(table: str, model: type[OidcProvider] | type[WorkloadRule]) -> None:
    rows = GUIDE.partition(f"| `[[{table}]]` |")[2].partition("\n\n")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", rows, re.MULTILINE))
    assert set(told) == set(model.model_fields)
    assert {name for name, default in told.items() if default == "required"} == {
        name for name, field in model.model_fields.items() if field.is_required()
    }
