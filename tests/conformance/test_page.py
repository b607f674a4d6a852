from __future__ import annotations

import pytest

from conformance import test_sdk_libraries, test_sdk_transfers
from conformance.contract import OPERATIONS
from conformance.page import PAGE, expected, page, sdk_outcomes
from conformance.record import Record
from conformance.sdk_client import TRANSPORTS


@pytest.fixture(scope="module")
def kept() -> Record:
    return Record.read()


def test_the_page_is_made_of_the_record(kept: Record) -> None:
    assert PAGE.read_text() == page(kept.tree), "docs/conformance.md is stale: run `make conformance`"


def test_the_record_holds_nothing_of_tests_that_are_gone(kept: Record) -> None:
    names = [*vars(test_sdk_libraries), *vars(test_sdk_transfers)]
    assert kept.tree.keys() == {name for name in names if name.startswith("test_")}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_sdk_has_called_every_operation(kept: Record, transport: str) -> None:
    heard = {operation: sdk_outcomes(kept.tree, operation, transport) for operation in OPERATIONS}
    assert [operation for operation in OPERATIONS if expected(operation) not in heard[operation]] == []
