"""Changes keys of a profile in the text of its suite, and leaves all else as it stands there.

tomlkit parses the text into tables whose bodies are lists of entries: keys with their values, and
comments and blank lines without a key. A table that is written in several places, or with dotted
keys, is several such tables. An entry is changed where it stands. A new one goes behind the last
key of its table: tomlkit would put it behind the comments that follow, which introduce the next
table. Whatever comes of it is parsed by the loader's parser and compared with what it has to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

import tomli
import tomlkit
from tomlkit.items import AoT, Array, InlineTable, Item, Key, Table

from cortex_tui.profiles.drafts import Changes, Draft, same
from cortex_tui.toml.writing import toml_key, toml_text

_BOM = "\ufeff"


class LayoutError(Exception):
    """The text is laid out in a way in which the keys cannot be changed one by one."""


class _Part(NamedTuple):
    """A table, or one of the several places in which a table is written."""

    item: Any
    """A Table, an InlineTable or the whole document."""
    body: list[tuple[Key | None, Item]]


def changed_text(draft: Draft, changes: Changes) -> str:
    """The text of the draft's file with these changes in its profile; raises LayoutError."""
    text = draft.data.decode("utf-8")
    mark = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    newline = "\r\n" if "\r\n" in text else "\n"
    ends = text.endswith("\n")
    if not ends:
        text += newline
    try:
        if tomlkit.parse(text).as_string() != text:
            raise LayoutError
        # Keys are taken out last: a table that has none left may not be there any more.
        for key, value in sorted(changes.items(), key=lambda change: change[1] is None):
            text = _with_key(text, ("profile", draft.name), key, value, newline)
        fits = same(tomli.loads(text), draft.with_changes(changes))
    except Exception as error:
        # A parser that cannot read what the loader can, or an edit that it was not made for.
        raise LayoutError from error
    if not fits:
        raise LayoutError
    return mark + (text if ends else text.rstrip("\r\n"))


def _with_key(text: str, path: tuple[str, str], key: str, value: object, newline: str) -> str:
    document = tomlkit.parse(text)
    own: Any = tomli.loads(text)
    parts = [_Part(document, document.body)]
    for name in path:
        above, parts = parts, list(_parts(parts, name))
        own = own[name]
    editor = _Editor(newline)
    if not any(_holds_keys(part) for part in parts) and value is not None:
        # The profile has tables of its own keys only, such as [profile.x.load].
        editor.add_header(above, path, key, value)
    elif len(parts) == 1 and _is_braces(parts[0].item) and (value is None or key not in own):
        changed = {**own, key: value}
        editor.set(above, path[-1], own, {k: v for k, v in changed.items() if v is not None})
    elif value is None:
        editor.remove(parts, key)
    else:
        editor.set(parts, key, own.get(key), value)
    return document.as_string()


def _entries(parts: Iterable[_Part], name: str) -> Iterator[tuple[_Part, int]]:
    """Where a key stands: the table, and the number of the entry in its body."""
    for part in parts:
        for at, (key, _) in enumerate(part.body):
            if key is not None and key.key == name:
                yield part, at


def _parts(parts: Iterable[_Part], name: str) -> Iterator[_Part]:
    for part, at in _entries(parts, name):
        item = part.body[at][1]
        if isinstance(item, Table | InlineTable):
            yield _Part(item, item.value.body)


def _is_line(key: Key | None, item: Item) -> bool:
    """Whether an entry is a key and its value, and not a table with a header."""
    if key is None or isinstance(item, AoT):
        return False
    return not isinstance(item, Table) or key.is_dotted()


def _holds_keys(part: _Part) -> bool:
    """Whether keys can be added to it: it has a header, braces, or keys already."""
    if isinstance(part.item, Table) and part.item.is_super_table():
        return any(_is_line(key, item) for key, item in part.body)
    return True


class _Editor:
    """Changes bodies in place. What it leaves is fit to be written, and for nothing else."""

    def __init__(self, newline: str) -> None:
        self._newline = newline

    def set(self, parts: Sequence[_Part], key: str, old: object, new: object) -> None:
        """Gives a key another value, where it stands if it does."""
        found = list(_entries(parts, key))
        items = [part.body[at][1] for part, at in found]
        inner = list(_parts(parts, key))
        if not found:
            self.add(parts, key, new)
        elif len(found) == 1 and _is_braces(items[0]) and not _same_keys(old, new):
            # Tidier than what is left when keys are taken out of it.
            _replace(*found[0], new)
        elif len(inner) == len(found) and _are_tables([old, new]) and _can_become(inner, old, new):
            self.update(inner, old, new)
        elif len(found) == 1 and isinstance(items[0], Array) and isinstance(new, list):
            _update_array(items[0], new)
        elif len(found) == 1 and isinstance(items[0], AoT) and _are_tables(new):
            self._update_tables(items[0], old, new)
        elif len(found) == 1 and not isinstance(items[0], Table | AoT):
            _replace(*found[0], new)
        else:
            self.add(parts, key, new)
            for part, item in zip([part for part, _ in found], items, strict=True):
                _drop(part, next(at for at, (_, i) in enumerate(part.body) if i is item))

    def update(self, parts: Sequence[_Part], old: Any, new: Any) -> None:
        """Changes what differs between two tables; nothing is taken out before all else is done."""
        for key, value in new.items():
            if key not in old or not same(old[key], value):
                self.set(parts, key, old.get(key), value)
        for key in old.keys() - new.keys():
            self.remove(parts, key)

    def remove(self, parts: Sequence[_Part], key: str) -> None:
        for part, at in reversed(list(_entries(parts, key))):
            if isinstance(part.item, InlineTable):
                del part.item[key]
            else:
                _drop(part, at)

    def add(self, parts: Sequence[_Part], key: str, value: object) -> None:
        """Adds a key to the last table that can have it."""
        part = [part for part in parts if _holds_keys(part)][-1]
        if isinstance(part.item, InlineTable):
            part.item[key] = _item(value)
            return
        lines = [at for at, (name, item) in enumerate(part.body) if _is_line(name, item)]
        indent = part.body[lines[-1]][1].trivia.indent if lines else ""
        line = f"{indent}{toml_key(key)} = {toml_text(value)}{self._newline}"
        part.body.insert(lines[-1] + 1 if lines else 0, tomlkit.parse(line).body[0])

    def add_header(
        self, above: Sequence[_Part], path: tuple[str, str], key: str, value: object
    ) -> None:
        """Writes the header of a table before the first of the tables within it."""
        part, at = next(_entries(above, path[-1]))
        header = f"[{path[0]}.{path[1]}]{self._newline}{toml_key(key)} = {toml_text(value)}"
        ((_, table),) = tomlkit.parse(header + self._newline * 2).body
        assert isinstance(table, Table)
        part.body.insert(at, table.value.body[0])

    def _update_tables(self, tables: AoT, old: Any, new: Any) -> None:
        for at, value in enumerate(new[: len(old)]):
            table = tables[at]
            self.update([_Part(table, table.value.body)], old[at], value)
        for value in new[len(old) :]:
            lines = ["[[_]]", *(f"{toml_key(name)} = {toml_text(v)}" for name, v in value.items())]
            text = "".join(line + self._newline for line in lines)
            ((_, added),) = tomlkit.parse(text).body
            assert isinstance(added, AoT)
            tables.append(added[0])
        if len(new) < len(old):
            behind = _behind(tables)
            del tables[len(new) :]
            tables[-1].value.body.extend(behind)


def _are_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _can_become(parts: Sequence[_Part], old: Any, new: Any) -> bool:
    """Whether a table can be changed key by key: it stays one, and new keys have a place."""
    return bool(new) and (new.keys() <= old.keys() or any(map(_holds_keys, parts)))


def _item(value: object) -> Item:
    return tomlkit.value(toml_text(value))


def _is_braces(item: Item) -> bool:
    """Whether it is an inline table on one line, in which there are no comments."""
    return isinstance(item, InlineTable) and "\n" not in item.as_string()


def _same_keys(old: object, new: object) -> bool:
    return isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys()


def _replace(part: _Part, at: int, value: object) -> None:
    """Puts a value in the place of another, with the spaces and the comment around it."""
    key, old = part.body[at]
    new = _item(value)
    new.trivia.indent, new.trivia.trail = old.trivia.indent, old.trivia.trail
    new.trivia.comment_ws, new.trivia.comment = old.trivia.comment_ws, old.trivia.comment
    part.body[at] = key, new


def _update_array(array: Array, new: list[Any]) -> None:
    """Changes the items that differ, so that the comments of others stay with them."""
    old = [toml_text(value) for value in array.unwrap()]
    wanted = [toml_text(value) for value in new]
    for how, start, end, first, last in reversed(SequenceMatcher(a=old, b=wanted).get_opcodes()):
        if how == "equal":
            continue
        both = min(end - start, last - first)
        for at in range(both):
            array[start + at] = _item(new[first + at])
        for at in reversed(range(start + both, end)):
            del array[at]
        for at in range(first + both, last):
            array.insert(start + at - first, _item(new[at]))


def _drop(part: _Part, at: int) -> None:
    """Takes an entry out; of a table with a header, the comments behind its last key stay."""
    part.body[at : at + 1] = _behind(part.body[at][1])


def _behind(item: Item) -> list[tuple[Key | None, Item]]:
    """The comments and blank lines at the end of a table: they may be about what follows it."""
    if isinstance(item, AoT):
        return _behind(item[-1])
    if not isinstance(item, Table):
        return []
    body = item.value.body
    last = max((at for at, (key, _) in enumerate(body) if key is not None), default=-1)
    return body[last + 1 :] or (_behind(body[last][1]) if body else [])
