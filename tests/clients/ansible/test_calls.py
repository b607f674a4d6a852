from __future__ import annotations

import pytest

from clients.ansible.conftest import Report
from clients.coverage import Recorder


def test_the_record_is_what_ansible_called(played: Report, request: pytest.FixtureRequest) -> None:
    Recorder.of(request.config).agree("Ansible", played["called"])
