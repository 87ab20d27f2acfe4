"""Where the benchmarks keep their data, and what was checked, but not measured."""

from __future__ import annotations

import pytest

from tests.postgres_server import PostgresServer


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        default="own",
        metavar="URL",
        help="where the benchmarks keep their data, as for cortex-tui run; server for a PostgreSQL "
        "server that is started for them",
    )


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    given: str = request.config.getoption("--database")
    if given != "server":
        return given
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    checked = sum(("checked only", True) in r.user_properties for r in passed)
    if checked:
        terminalreporter.section("benchmarks")
        terminalreporter.line(
            f"{checked} benchmarks: results checked, nothing measured, no target checked. "
            "pytest-benchmark is off (it always is under xdist): run without -n to measure."
        )
