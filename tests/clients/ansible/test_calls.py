from __future__ import annotations

import pytest

from clients.ansible.conftest import Report
from clients.coverage import Recorder


@pytest.mark.parametrize("collection", ["vmware.vmware", "vmware.vmware_rest"])
def test_the_record_is_what_a_collection_called(collection: str, played: Report, request: pytest.FixtureRequest) -> None:
    Recorder.of(request.config).agree(collection, played["called"][collection])
