"""The availability engine against the cases gathered from other schedulers."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.slot_case_adapter import solve

COPY = Path(__file__).with_name("slot_cases.json")
CASES: list[dict[str, Any]] = json.loads(COPY.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case_has_exactly_the_expected_starts(case: dict[str, Any]) -> None:
    assert solve(case) == case["expected_slots_utc"]


def test_no_case_was_lost() -> None:
    assert len(CASES) == 34


def test_the_copy_equals_the_shared_original() -> None:
    original = Path(__file__).parents[4] / "shared" / "slot-cases" / "cases.json"
    if not original.exists():
        pytest.skip("The shared original lies outside the project and is not on this machine.")
    assert json.loads(original.read_text(encoding="utf-8")) == CASES
