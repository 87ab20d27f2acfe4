"""Inputs that are nearly good: seeds of a target with something changed in them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

from tests.fuzz.target import Target

LONGEST = 64 * 1024
"""Of an input that was made longer, in bytes. Seeds may be longer than that."""

ODD_TEXTS = (
    "", " ", "\0", "\x1b[31m", "\x1b]0;x\x07", "\u202e", "\u2066", "\u200b", "\u2028", "\ufeff",
    "\u0301", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "\u0130", "ﬁ",
    "½", "٣", "%", "%s", "{}", "..", "../x", "/", "\\", "'", '"', "`", "$(x)", "*", "?", "[", "]",
    "#", "@", ":", ";", ",", "\n", "\r", "\t", "=", "-", "--", "NaN", "Infinity", "1e999", "null",
    "<b>", "&amp;", "]]>", "漢字", "한글", "कि", "a" * 300,
)  # fmt: skip
ODD_NUMBERS = (
    "0", "-0", "-1", "1", "00", "0.0", "-0.0", "1e308", "1e-308", "1e400", "1_0", "0x10", "1.",
    str(2**31), str(2**32), str(2**53 + 1), str(2**63 - 1), str(2**63), str(2**64), str(-(2**63)),
    "9" * 400, "9" * 5_000, "0x" + "f" * 5_000,
)  # fmt: skip
_ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**62, 2**63 - 1, -(2**63), 0.5, -0.5, 1e308, "", "x", [],
    {}, [None], [[]], {"": None}, {"a": {"a": {}}},
)  # fmt: skip
_HUGE = "a number of 5,000 digits"
_LARGE = (2**63, 2**64, 10**400, _HUGE)
_TOKENS = re.compile(rb"\w+|\s+|[^\w\s]")


def mutated(chance: Random, target: Target, seeds: Sequence[bytes]) -> bytes:
    """A seed with one to four things changed in it; now and then bytes of any kind."""
    if chance.random() < 0.03:
        return chance.randbytes(chance.randrange(60))
    data = chance.choice(seeds)
    structured = target.shape in ("json", "msgpack") and chance.random() < 0.6
    if structured:
        data = _with_an_odd_part(chance, target, data)
    if not structured or chance.random() < 0.1:
        for _ in range(chance.choice((1, 1, 2, 3, 4))):
            data = _changed(chance, target, data, seeds)
    return data


def grown(target: Target, seeds: Sequence[bytes]) -> list[bytes]:
    """Long inputs of one repeated part: what takes time by the square of the length shows here."""
    parts = [*target.words, *(token for seed in seeds[:3] for token in _TOKENS.findall(seed)[:12])]
    parts += [text.encode() for text in ("a", " ", "[", "(", "{", '"', "*a", ".a", "-", "\n", "漢")]
    heads = [b"", *(seed[:200] for seed in seeds[:2])]
    return [
        head + part * (LONGEST // len(part)) for part in dict.fromkeys(parts) if part
        for head in heads
    ]  # fmt: skip


def _changed(chance: Random, target: Target, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    end = min(len(data), at + chance.choice((0, 0, 1, 2, 4, 16, 64)))
    kinds = ("cut", "twice", "many", "other", "end")
    if target.shape == "bytes" or target.shape == "msgpack":
        kind = chance.choice((*kinds, "bits", "bits", "bytes", "bytes", "word"))
    else:
        kind = chance.choice((*kinds, "bits", "odd", "number", "word", "word", "token", "token"))
    match kind:
        case "cut":
            return data[:at] + data[end:]
        case "twice":
            return data[:end] + data[at:]
        case "many":
            part = data[at:end] or _word(chance, target)
            most = max(1, LONGEST // len(part)) if chance.random() < 0.02 else 20
            return data[:at] + part * chance.randint(2, max(2, most)) + data[end:]
        case "other":
            other = chance.choice(seeds)
            return data[:at] + other[chance.randrange(len(other) + 1) :]
        case "end":
            return data[:at]
        case "bits":
            changed = bytearray(data)
            for _ in range(chance.choice((1, 1, 2, 8))):
                if changed:
                    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
            return bytes(changed)
        case "bytes":
            return data[:at] + chance.randbytes(chance.randrange(1, 9)) + data[end:]
        case "odd":
            return data[:at] + chance.choice(ODD_TEXTS).encode() + data[end:]
        case "number":
            numbers = list(re.finditer(rb"[\d.]+", data[at:])) or list(re.finditer(rb"\d+", data))
            new = chance.choice(ODD_NUMBERS).encode()
            if not numbers:
                return data[:at] + new + data[end:]
            found = chance.choice(numbers[:50])
            begin = at + found.start() if at + found.end() <= len(data) else found.start()
            return data[:begin] + new + data[begin + len(found[0]) :]
        case "token":
            tokens = _TOKENS.findall(data[at : at + 400])
            if not tokens:
                return data + _word(chance, target)
            tokens[chance.randrange(len(tokens))] = _word(chance, target)
            return data[:at] + b"".join(tokens) + data[at + 400 :]
    return data[:at] + _word(chance, target) + data[end:]


def _word(chance: Random, target: Target) -> bytes:
    if target.words and chance.random() < 0.8:
        return chance.choice(target.words)
    return chance.choice(ODD_TEXTS + ODD_NUMBERS).encode() or b" "


def _with_an_odd_part(chance: Random, target: Target, data: bytes) -> bytes:
    """A document with another value in one or two places."""
    as_json = target.shape == "json"
    try:
        document = json.loads(data) if as_json else msgspec.msgpack.decode(data)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return data
    for _ in range(chance.choice((1, 1, 2))):
        document = _exchanged(chance, target, document)
    return _json_of(document) if as_json else _msgpack_of(document)


def _json_of(document: object) -> bytes:
    return json.dumps(document).replace(f'"{_HUGE}"', "9" * 5_000).encode()


def _msgpack_of(document: object) -> bytes:
    try:
        return msgspec.msgpack.encode(document)
    except (OverflowError, TypeError):  # a number or a key that it has no form for
        return b"\xcf" + b"\xff" * 8


def _exchanged(chance: Random, target: Target, value: Any) -> Any:
    """The value with something else at a place in it that is found by chance."""
    deeper = bool(value) and isinstance(value, dict | list) and chance.random() < 0.9
    if not deeper:
        return _odd_value(chance, target, value)
    if isinstance(value, list):
        at = chance.randrange(len(value))
        return [*value[:at], _exchanged(chance, target, value[at]), *value[at + 1 :]]
    name = chance.choice(list(value))
    new_name = name
    if chance.random() < 0.05:
        new_name = chance.choice(ODD_TEXTS) if chance.random() < 0.5 else _text_word(chance, target)
    changed = _exchanged(chance, target, value[name])
    return {(new_name if key == name else key): changed if key == name else each
            for key, each in value.items()}  # fmt: skip


def _odd_value(chance: Random, target: Target, old: Any) -> Any:
    if isinstance(old, int | float) and not isinstance(old, bool) and chance.random() < 0.5:
        return chance.choice((old + 1, -old, old * 1_000, 0, old * 10**12 % (1 << 63)))
    roll = chance.random()
    if roll < 0.3:
        return chance.choice(ODD_TEXTS)
    if roll < 0.4:
        return _text_word(chance, target)
    if roll < 0.5 and target.shape == "json":
        return chance.choice(_LARGE)
    if roll < 0.55:
        return chance.randbytes(4) if target.shape == "msgpack" else "x" * 5_000
    return chance.choice(_ODD_VALUES)


def _text_word(chance: Random, target: Target) -> str:
    return _word(chance, target).decode("utf-8", "replace")
