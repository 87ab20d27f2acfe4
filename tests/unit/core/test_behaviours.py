import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_core import (
    CaptureConversation,
    Cortex,
    GetConversationById,
    Logging,
    Mediator,
    Protection,
    Query,
    Result,
    StoreBusyError,
    StoreConflictError,
    StoreError,
    StoreFailures,
    StoreOutcomeUnknownError,
    StoreUnavailableError,
    Timing,
)
from cortex_core.behaviours.buckets import Buckets
from cortex_core.redaction import redacted, shown

GET = GetConversationById("one")


class Ask(Query[str], frozen=True):
    text: str


class Answer:
    request_type = Ask

    async def handle(self, request: Ask) -> Result[str]:
        if request.text == "raise":
            raise LookupError("password=hunter2 is wrong")
        return Result(request.text)


SECRETS = [
    ("password=hunter2", "hunter2"),
    ('"api_key": "abcdef123"', "abcdef123"),
    ("token: 'xyz789'", "xyz789"),
    ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
    ("postgres://user:pass123@host/db", "pass123"),
    ("sk-abcdefghij0123456789", "abcdefghij"),
    ("ghp_abcdefghijklmnopqrst0123", "abcdefghij"),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpA\n-----END RSA PRIVATE KEY-----", "MIIEpA"),
    ("eyJhbGciOi.eyJzdWIiOi.SflKxwRJSM", "SflKxwRJSM"),
    ("private_key=MIIEvQIB", "MIIEvQIB"),
    ("ssn=123-45-6789", "6789"),
    ("ssn: 123 45 6789", "6789"),
    ("my number is 123-45-6789.", "6789"),
    ("Social Security Number: 123456789", "456789"),
    ("credit_card=4111111111111111", "1111"),
    ("creditCard: '4111 1111 1111 1111'", "1111"),
    ("credit_card=4111-1111-1111-1112", "1112"),
    ("paid with 4111 1111 1111 1111 today", "1111"),
    ("paid with 378282246310005 today", "6310005"),
    ('{"card_number":"4111","cvv":"737"}', "737"),
    ("IBAN: DE89 3704 0044 0532 0130 00", "0532"),
    ("passport_no=C01X00T47", "C01X00T47"),
    ("db_password=hunter2", "hunter2"),
    ("DB_PASSWORD=hun,ter2", "ter2"),
    ("dbPassword = hunter2", "hunter2"),
    ("PGPASSWORD=hunter2 psql", "hunter2"),
    ("password := hunter2", "hunter2"),
    ("password => 'hunter 2'", "hunter"),
    ("password == 'hunter 2'", "hunter"),
    ("password = b'hunter 2'", "hunter"),
    ("<password>hunter2</password>", "hunter2"),
    ("passwords=['first', 'second']", "second"),
    ("tokens: (abcdef, ghijkl)", "ghijkl"),
    ("client_secret: abc", "abc"),
    ("SECRET_KEY_BASE=abcdef", "abcdef"),
    ("accessToken: abcdef", "abcdef"),
    ("refresh_token=abcdef&x=1", "abcdef"),
    ("https://host/path?token=abcdef&x=1", "abcdef"),
    ("https://host/blob?sv=1&sig=abcdef", "abcdef"),
    ("AccountKey=abcdef==;Endpoint", "abcdef"),
    ("Server=db;Uid=me;Pwd=hunter2;", "hunter2"),
    ("host=db password=hunter2 user=me", "hunter2"),
    ("mysql --password hunter2 --user me", "hunter2"),
    ("tool --api-key=abcdef", "abcdef"),
    ("tool --auth-token abcdef", "abcdef"),
    ('{"password": "hun\\"ter2"}', "ter2"),
    ('{\\"password\\": \\"hunter 2\\"}', "hunter"),
    ('{"passwords": ["first", "second"]}', "second"),
    ('{"user": {"password": "hunter2"}}', "hunter2"),
    ("{'password': 'hunter 2', 'user': 'me'}", "hunter"),
    ("password: 'cut off within", "within"),
    ("X-Api-Key: abcdef", "abcdef"),
    ("Proxy-Authorization: Digest username=me, response=abcdef", "abcdef"),
    ("Cookie: theme=dark; session=abcdef", "abcdef"),
    ("Set-Cookie: sid=abcdef; Path=/", "abcdef"),
    ("{'Cookie': 'theme=dark; sid=abcdef'}", "abcdef"),
    ("[('x-api-key', 'abcdef')]", "abcdef"),
    ("[(b'cookie', b'sid=abcdef')]", "abcdef"),
    ("postgresql://user:pw@host", "pw@"),
    ("postgresql://user:p@ss/wd@host:5432/db", "wd"),
    ("redis://:hunter2@host:6379/0", "hunter2"),
    ("amqp://me:hun:ter2@host//", "ter2"),
    ("https://abcdefghij0123456789@git.host/x", "abcdefghij"),
    ("postgresql+asyncpg://me:hunter2@host/db", "hunter2"),
    ("glpat-abcdefghij0123456789", "abcdefghij"),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nMIIEpA", "MIIEpA"),
]
"""Texts, and what must not be seen of them."""


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_do_not_reach_the_log(text: str, secret: str) -> None:
    shown = redacted(f"before {text} after")
    assert secret not in shown
    assert shown.startswith("before ")


def test_text_without_secrets_is_left_as_it_is() -> None:
    for text in (
        "The tokenizer splits words; the password dialog is at http://host/path?a=b.",
        "max_tokens=512, total tokens: 1024, bypass=1, spinning: 5, author: me",
        "1700000000123456 us, order 4111111111111112, 2024-11-28, 555-123-4567",
        "http://host:8080/a, ssh://git@host/x, https://registry:4873/@scope/name",
        "primary_key: id; passing: 5; compass=n",
    ):
        assert redacted(text) == text


SLOW = [
    "password ",
    "password=",
    "password=(",
    "token  ",
    "--token ",
    "cookie: ",
    "authorization:\\",
]
SLOW += ["://a:", "a:b@", "'", '\\"', "-", "4111 ", "sk-", "eyJa.", "-----BEGIN PRIVATE KEY-----"]


@pytest.mark.parametrize("repeated", SLOW)
def test_a_long_text_is_shown_as_quickly_as_a_short_one(repeated: str) -> None:
    """What is quadratic in 4,000 characters would take seconds for these thousand texts."""
    text = repeated * 300_000
    for _ in range(100):
        assert len(shown(text, 80)) <= 81


class Login(Query[str], frozen=True):
    password: object
    api_key: object
    user: object


class Unspeakable:
    def __repr__(self) -> str:
        raise LookupError("no text")


class Enter:
    request_type = Login

    async def handle(self, request: Login) -> Result[str]:
        if request.user is None:
            raise LookupError("no user")
        return Result("in")


VALUES: list[object] = [
    "hunter2",
    "x" * 5_000_000,
    ("hunter2", "x"),
    {"a": "hunter2"},
    b"hunter2",
    10**6000,
]


@pytest.mark.parametrize("value", range(len(VALUES)))
@pytest.mark.parametrize("user", ["me", None])
async def test_a_field_that_is_named_as_a_secret_is_not_shown(
    value: int, user: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    mediator = Mediator.build([Enter()], [Logging()])
    with caplog.at_level(logging.DEBUG, "cortex_core"):
        for request in (Login(VALUES[value], VALUES[value], user), Login(Unspeakable(), "", user)):
            with suppress(LookupError):
                await mediator.send(request)
    assert "hunter2" not in caplog.text
    assert "Login(password=[secret]" in caplog.text
    assert len(caplog.text) < 2_000


@pytest.mark.parametrize(("text", "secret"), SECRETS)
async def test_requests_are_logged_without_secrets(
    text: str, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    mediator = Mediator.build([Answer()], [Logging()])
    with caplog.at_level(logging.DEBUG, "cortex_core"):
        await mediator.send(Ask(text))
    assert "Ask(text=" in caplog.text
    assert secret not in caplog.text


async def test_an_exception_is_logged_and_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    mediator = Mediator.build([Answer()], [Logging()])
    with pytest.raises(LookupError):
        await mediator.send(Ask("raise"))
    assert "LookupError" in caplog.text
    assert "hunter2" not in caplog.text


async def test_failures_are_logged_at_info_and_long_values_cut(
    cortex: Cortex, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "cortex_core"):
        await cortex.send(GetConversationById("x" * 5000))
    (record,) = caplog.records
    assert "failed: invalid" in record.getMessage()
    assert len(record.getMessage()) < 400


async def test_timing_counts_failures_and_exceptions_by_type() -> None:
    timing = Timing()
    mediator = Mediator.build([Answer()], [timing])
    await mediator.send(Ask("fine"))
    with pytest.raises(LookupError):
        await mediator.send(Ask("raise"))
    summary = timing.summary()[Ask]
    assert (summary.count, summary.failed, summary.raised) == (2, 0, 1)
    assert summary.max_ns is not None
    assert summary.p50_ns is not None
    assert 0 < summary.p50_ns <= summary.max_ns


async def test_timing_is_empty_without_data(cortex: Cortex) -> None:
    summary = cortex.timing.summary()[GetConversationById]
    assert summary.count == 0
    assert summary.p99_ns is None
    assert summary.mean_ns is None


@given(
    st.lists(st.integers(0, 2**43), min_size=1, max_size=200),
    st.sampled_from([1.0, 50.0, 90.0, 99.0, 100.0]),
)
def test_a_percentile_is_within_one_percent_of_the_true_one(
    durations: list[int], percentile: float
) -> None:
    buckets = Buckets()
    for duration_ns in durations:
        buckets.record(duration_ns)
    rank = max(1, -(-len(durations) * percentile // 100))
    true_ns = sorted(durations)[int(rank) - 1]
    found_ns = buckets.percentile_ns(percentile)
    assert found_ns is not None
    if true_ns < 2**42:
        assert true_ns <= found_ns <= true_ns * 1.01 + 1
    assert buckets.max_ns == max(durations)
    mean_ns = sum(durations) / len(durations)
    if max(durations) < 2**42:
        assert buckets.mean_ns == pytest.approx(mean_ns, rel=0.01)
    assert buckets.count == len(durations)


async def test_more_than_a_second_s_worth_at_once_is_refused_until_time_has_passed(
    path: Path,
) -> None:
    now_ns = 10**12
    protection = Protection(rate_per_s=5, clock_ns=lambda: now_ns)
    async with Cortex.open(path, protection=protection) as cortex:
        results: list[Result[Any]] = [await cortex.send(GET) for _ in range(7)]
        assert [r.ok for r in results] == [True] * 5 + [False] * 2
        assert results[-1].errors[0].code == "rate_limited"
        assert "try again in 200 ms" in results[-1].errors[0].message
        now_ns += 200_000_000
        assert [(await cortex.send(GET)).ok for _ in range(2)] == [True, False]
        now_ns += 3_600_000_000_000
        assert sum([(await cortex.send(GET)).ok for _ in range(20)]) == 5


async def test_there_is_no_limit_by_default(cortex: Cortex) -> None:
    for _ in range(200):
        assert (await cortex.send(GET)).ok


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="rate_per_s"):
        Protection(rate_per_s=0)


async def test_behaviours_can_be_left_out(path: Path) -> None:
    async with Cortex.open(path, behaviours=()) as cortex:
        result = await cortex.send(CaptureConversation(title="t", content="c" * 650, quality=0.8))
        assert result.ok
        assert cortex.timing.summary() == {}


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (StoreUnavailableError, "unavailable"),
        (StoreConflictError, "conflict"),
        (StoreOutcomeUnknownError, "outcome_unknown"),
    ],
)
async def test_what_a_sender_can_act_on_is_answered(raised: type[StoreError], code: str) -> None:
    class Fails:
        request_type = Ask

        async def handle(self, request: Ask) -> Result[str]:
            raise raised("the server is away")

    timing = Timing()
    mediator = Mediator.build([Fails()], [timing, StoreFailures()])
    result = await mediator.send(Ask("anything"))
    assert [(e.code, e.message, e.field) for e in result.errors] == [
        (code, "the server is away", None)
    ]
    summary = timing.summary()[Ask]
    assert (summary.count, summary.failed, summary.raised) == (1, 1, 0)


async def test_other_failures_of_a_store_are_raised() -> None:
    class Fails:
        request_type = Ask

        async def handle(self, request: Ask) -> Result[str]:
            raise StoreBusyError("locked")

    with pytest.raises(StoreBusyError, match="locked"):
        await Mediator.build([Fails()], [StoreFailures()]).send(Ask("anything"))
