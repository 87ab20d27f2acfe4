import logging

import pytest

from cortex_core import (
    CaptureConversation,
    ConversationCaptured,
    ConversationDeleted,
    Cortex,
    DeleteConversation,
    Event,
)

CAPTURE = CaptureConversation(id="one", title="t", content="c" * 650, quality=0.8)


async def test_subscribers_hear_of_what_was_committed_before_the_sender_does(
    cortex: Cortex,
) -> None:
    heard: list[Event] = []
    cortex.events.subscribe(ConversationCaptured, heard.append)
    cortex.events.subscribe(ConversationDeleted, heard.append)
    for number, request in enumerate((CAPTURE, CAPTURE, DeleteConversation("one")), start=1):
        await cortex.send(request)
        assert len(heard) == number
    first, second, third = heard
    assert isinstance(first, ConversationCaptured)
    assert isinstance(second, ConversationCaptured)
    assert isinstance(third, ConversationDeleted)
    assert (first.replaced, second.replaced) == (False, True)
    assert {e.conversation_id for e in (first, second, third)} == {"one"}


async def test_what_failed_is_not_announced(cortex: Cortex) -> None:
    heard: list[Event] = []
    cortex.events.subscribe(ConversationDeleted, heard.append)
    await cortex.send(DeleteConversation("nobody"))
    assert heard == []


async def test_a_failing_subscriber_is_logged_and_disturbs_nobody(
    cortex: Cortex, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Event] = []

    def fail(_: Event) -> None:
        raise LookupError("no room")

    cortex.events.subscribe(ConversationCaptured, fail)
    cortex.events.subscribe(ConversationCaptured, heard.append)
    with caplog.at_level(logging.ERROR):
        assert (await cortex.send(CAPTURE)).ok
    assert len(heard) == 1
    assert "ConversationCaptured" in caplog.text


async def test_a_subscription_can_be_ended(cortex: Cortex) -> None:
    heard: list[Event] = []
    unsubscribe = cortex.events.subscribe(ConversationCaptured, heard.append)
    unsubscribe()
    unsubscribe()
    await cortex.send(CAPTURE)
    assert heard == []
