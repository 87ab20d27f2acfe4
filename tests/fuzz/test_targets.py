"""Each target with its seeds, with every input that once was a fault, and with some made anew."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutating import mutated
from tests.fuzz.target import check
from tests.fuzz.targets.registry import TARGETS

CORPUS = Path(__file__).parent / "corpus"
each_target = pytest.mark.parametrize("name", TARGETS)
few = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(autouse=True)
def done(name: str) -> Iterator[None]:
    """Nothing stays open: what a target changes in the process concerns the tests behind it."""
    yield
    TARGETS[name].done()


@each_target
def test_good_inputs_are_no_fault(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds():
        check(target, seed)


@each_target
def test_nothing_of_a_target_stays_in_the_process_once_it_is_done(name: str) -> None:
    def state() -> object:
        return gc.freeze, gc.unfreeze, gc.get_threshold(), dict(os.environ), os.getcwd()

    before = state()
    check(TARGETS[name], TARGETS[name].seeds()[0])
    TARGETS[name].done()
    assert state() == before


@each_target
def test_what_was_a_fault_once_is_none(name: str) -> None:
    for file in sorted((CORPUS / name).glob("*")):
        check(TARGETS[name], file.read_bytes())


@each_target
def test_nearly_good_inputs_are_no_fault(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()

    @few
    @given(st.randoms(use_true_random=False))
    def any_input(chance: Random) -> None:
        check(target, mutated(chance, target, seeds))

    any_input()
