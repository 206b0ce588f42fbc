from collections.abc import Callable

import incidents
import pytest

from loganalyzer.model import Evidence, Incident


@pytest.fixture
def make_evidence() -> Callable[..., Evidence]:
    return incidents.evidence


@pytest.fixture
def make_incident() -> Callable[..., Incident]:
    return incidents.incident
