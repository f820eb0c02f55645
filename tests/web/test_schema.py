"""The API keeps to its own schema, whatever is asked of it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from web.serving import ADMIN, Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("web"), tokens=True) as found:
        yield found


def test_every_answer_is_as_the_schema_says(served: Served) -> None:
    headers = {"Authorization": f"Bearer {ADMIN}"}
    schema = schemathesis.openapi.from_url(f"{served.address}api/v1/openapi.json", headers=headers)
    asked = []
    # A stream of events has no end, so nothing can wait for it.
    for found in schema.exclude(path="/api/v1/events").get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(headers=headers)

        ask()
        asked.append(operation.label)
    assert "GET /api/v1/nodes/{name}/history" in asked
    assert "POST /api/v1/nodes/{name}/hold" in asked
