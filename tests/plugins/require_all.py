"""REQUIRE_ALL=1: a test that needs a browser, the real processes or PostgreSQL may not be skipped, it fails instead.

With ATELIER_REAL_DATA set, the same holds for tests on real images.
"""

import os
from collections.abc import Generator

import pytest

SERVERS = {"browser", "stack", "postgres", "node"}


def required() -> set[str]:
    """Markers of tests that may not be skipped in this run."""
    if os.environ.get("REQUIRE_ALL") != "1":
        return set()
    return SERVERS | ({"real_data"} if os.environ.get("ATELIER_REAL_DATA") else set())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a required test into a failure that says why it would have been skipped."""
    report = yield
    names = {mark.name for mark in item.iter_markers()} & required()
    if report.skipped and names and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1 and a {', '.join(sorted(names))} test was skipped. {reason}"
    return report
