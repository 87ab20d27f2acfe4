import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest

from cortex_core import (
    CaptureConversation,
    ConversationCaptured,
    ConversationDeleted,
    Cortex,
    DeleteConversation,
    Event,
    Events,
)

CAPTURE = CaptureConversation(id="one", title="t", content="c" * 650, quality=0.8)


async def test_subscribers_receive_what_was_committed_before_the_sender_does(
    cortex: Cortex,
) -> None:
    received: list[Event] = []
    cortex.events.subscribe(ConversationCaptured, received.append)
    cortex.events.subscribe(ConversationDeleted, received.append)
    for number, request in enumerate((CAPTURE, CAPTURE, DeleteConversation("one")), start=1):
        await cortex.send(request)
        assert len(received) == number
    first, second, third = received
    assert isinstance(first, ConversationCaptured)
    assert isinstance(second, ConversationCaptured)
    assert isinstance(third, ConversationDeleted)
    assert (first.replaced, second.replaced) == (False, True)
    assert {e.conversation_id for e in (first, second, third)} == {"one"}


async def test_what_failed_is_not_announced(cortex: Cortex) -> None:
    received: list[Event] = []
    cortex.events.subscribe(ConversationDeleted, received.append)
    await cortex.send(DeleteConversation("nobody"))
    assert received == []


async def test_a_failing_subscriber_is_logged_and_disturbs_nobody(
    cortex: Cortex, caplog: pytest.LogCaptureFixture
) -> None:
    received: list[Event] = []

    def fail(_: Event) -> None:
        raise LookupError("no room, password=hunter2")

    cortex.events.subscribe(ConversationCaptured, fail)
    cortex.events.subscribe(ConversationCaptured, received.append)
    with caplog.at_level(logging.ERROR):
        assert (await cortex.send(CAPTURE)).ok
    assert len(received) == 1
    assert "ConversationCaptured" in caplog.text
    assert "LookupError: no room" in caplog.text
    assert "hunter2" not in caplog.text


async def test_a_subscription_can_be_ended(cortex: Cortex) -> None:
    received: list[Event] = []
    unsubscribe = cortex.events.subscribe(ConversationCaptured, received.append)
    unsubscribe()
    unsubscribe()
    await cortex.send(CAPTURE)
    assert received == []


async def later(event: Event) -> None:
    raise AssertionError("nobody awaits this")


def yields(event: Event) -> Iterator[Event]:
    yield event


async def yields_later(event: Event) -> AsyncIterator[Event]:
    yield event


class Later:
    async def __call__(self, event: Event) -> None: ...

    async def method(self, event: Event) -> None: ...


NEVER_RUN = [later, yields, yields_later, Later(), Later().method, partial(later)]


@pytest.mark.parametrize("subscriber", NEVER_RUN)
def test_a_subscriber_that_nobody_would_await_is_refused(subscriber: Any) -> None:
    with pytest.raises(TypeError, match="subscriber: expected a plain function"):
        Events().subscribe(ConversationCaptured, subscriber)


@pytest.mark.parametrize("subscriber", NEVER_RUN)
async def test_one_that_hides_it_is_logged_as_failed(
    cortex: Cortex, caplog: pytest.LogCaptureFixture, subscriber: Any
) -> None:
    cortex.events.subscribe(ConversationCaptured, lambda event: subscriber(event))
    with caplog.at_level(logging.ERROR):
        assert (await cortex.send(CAPTURE)).ok
    assert "expected a plain function" in caplog.text


async def test_a_subscriber_may_start_a_task(
    cortex: Cortex, caplog: pytest.LogCaptureFixture
) -> None:
    tasks: list[asyncio.Task[Event]] = []

    async def passed_on(event: Event) -> Event:
        return event

    def start(event: Event) -> asyncio.Task[Event]:
        tasks.append(asyncio.create_task(passed_on(event)))
        return tasks[-1]

    cortex.events.subscribe(ConversationCaptured, start)
    with caplog.at_level(logging.ERROR):
        await cortex.send(CAPTURE)
    assert isinstance(await tasks[0], ConversationCaptured)
    assert caplog.text == ""
