"""The registry of metrics: one row each, named and described alike."""

from __future__ import annotations

import re

from shared.telemetry.metrics import registry

UNITS = re.compile(r"s|1|By|\{[a-z]+\}")


def test_every_metric_has_a_name_of_its_own_a_unit_and_a_sentence() -> None:
    rows = registry()

    assert len({row.name for row in rows}) == len(rows) > 20
    for row in rows:
        assert re.fullmatch(r"frontdesk(\.[a-z]+)+", row.name), row.name
        assert UNITS.fullmatch(row.unit), row.name
        assert row.sentence[0].isupper() or row.sentence[0].isdigit(), row.name
        assert row.sentence.endswith("."), row.name
