from __future__ import annotations

from clients.coverage import COVERED, SOAP
from conformance.page import CLIENTS, PAGE, SOAP_CLIENTS, page


def test_the_page_is_made_of_the_tables_and_of_the_record() -> None:
    assert PAGE.read_text() == page(), "docs/conformance.md is stale: run `make conformance`"


def test_every_client_of_the_record_has_a_column() -> None:
    assert {client for clients in COVERED.values() for client in clients} == set(CLIENTS)
    assert {client for clients in SOAP.values() for client in clients} == set(SOAP_CLIENTS)
