"""The key `matrix`: lists of values for parameters, and the cells that they span."""

from __future__ import annotations

import json
import math
import re
from itertools import product

from cortex_tui.limits import MAX_CELLS
from cortex_tui.profiles.model import ParamValue
from cortex_tui.suggestions import suggestion
from cortex_tui.toml.reading import RefusedError, Schema, below, lists, read_list, read_table
from cortex_tui.toml.words import shown

_MAX_INTEGER = 2**63 - 1
"""The largest that a frame to the runner can carry."""
_ADDING = ("include", "exclude")
_PLAIN = re.compile(r"[\w./:+@%-]+", re.ASCII)
_LIKE_ANOTHER = re.compile(r"[+-]?[\d.][\d._]*(e[+-]?\d+)?|true|false|nan|inf", re.IGNORECASE)

Cell = dict[str, ParamValue]

PARAM_SCHEMA: Schema = {"type": ["string", "integer", "number", "boolean"]}
PARAMS_SCHEMA: Schema = {"type": "object", "additionalProperties": PARAM_SCHEMA}
MATRIX_SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "include": {
            **lists(PARAMS_SCHEMA),
            "description": "Cells in addition to those of the lists.",
        },
        "exclude": {
            **lists(PARAMS_SCHEMA),
            "description": "Cells to leave out: all that have these values.",
        },
    },
    "additionalProperties": lists(PARAM_SCHEMA, at_least=1),
    "minProperties": 1,
}


def read_param(value: object, path: str) -> ParamValue:
    if not isinstance(value, str | int | float):
        raise RefusedError(path, f"expected text, a number, true or false, got {shown(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise RefusedError(path, f"expected a finite number, got {shown(value)}")
    if isinstance(value, int) and abs(value) > _MAX_INTEGER:
        raise RefusedError(path, f"expected a 64-bit integer, got {shown(value)}")
    return value


def read_params(value: object, path: str) -> Cell:
    """A workload's parameters by name."""
    params: Cell = {}
    for name, param in read_table(value, path).items():
        key = below(path, name)
        _check_name(name, key)
        if isinstance(param, list):
            raise RefusedError(key, f"expected one value, got a list (matrix = {{ {name} = […] }})")
        params[name] = read_param(param, key)
    return params


def _check_name(name: str, path: str) -> None:
    if not name.isidentifier():
        raise RefusedError(path, f"expected names such as basket_size, got {shown(name)}")


def read_matrix(value: object, path: str) -> tuple[Cell, ...]:
    """The cells: every combination of the lists, in their order, without those that `exclude`
    matches, and then those that `include` adds."""
    table = read_table(value, path)
    axes = {
        name: _read_axis(values, below(path, name), name)
        for name, values in table.items()
        if name not in _ADDING
    }
    included = _read_cells(table.get("include", []), below(path, "include"))
    excluded = _read_cells(table.get("exclude", []), below(path, "exclude"))
    names = list(axes or (included[0] if included else ()))
    if not names:
        raise RefusedError(path, "expected lists such as conversations = [100, 1_000], got none")
    _check_size(math.prod(map(len, axes.values())) + len(included), path)
    cells = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    cells = _without(cells if axes else [], excluded, names, below(path, "exclude"))
    for cell in included:
        _check_complete(cell, names, below(path, "include"))
        ordered = {name: cell[name] for name in names}
        if any(cell_name(ordered) == cell_name(other) for other in cells):
            raise RefusedError(
                below(path, "include"), f"the cell {cell_name(ordered)} is there already"
            )
        cells.append(ordered)
    if not cells:
        raise RefusedError(path, "expected at least one cell, all are excluded")
    return tuple(cells)


def _read_axis(value: object, path: str, name: str) -> list[ParamValue]:
    _check_name(name, path)
    values = [read_param(item, path) for item in read_list(value, path, "[100, 1_000]")]
    if not values:
        raise RefusedError(path, "expected at least one value, the list is empty")
    seen: set[str] = set()
    for text in map(value_text, values):
        if text in seen:
            raise RefusedError(path, f"expected each value once, got {text} again")
        seen.add(text)
    return values


def _read_cells(value: object, path: str) -> list[Cell]:
    cells = [read_params(cell, path) for cell in read_list(value, path, "[{ conversations = 5 }]")]
    if not all(cells):
        raise RefusedError(path, "expected values in each table, got an empty one")
    return cells


def _check_size(cells: int, path: str) -> None:
    if cells > MAX_CELLS:
        raise RefusedError(path, f"expected at most {MAX_CELLS:,} cells, got {cells:,}")


def _check_complete(cell: Cell, names: list[str], path: str) -> None:
    if cell.keys() != set(names):
        raise RefusedError(
            path, f"expected values for {', '.join(names)} in each, got {', '.join(cell)}"
        )


def _without(cells: list[Cell], excluded: list[Cell], names: list[str], path: str) -> list[Cell]:
    for pattern in excluded:
        for name in pattern:
            if name not in names:
                raise RefusedError(
                    below(path, name), f"not in the matrix {suggestion(name, names)}"
                )
        kept = [cell for cell in cells if not _matches(cell, pattern)]
        if len(kept) == len(cells):
            raise RefusedError(path, f"no cell has {cell_name(pattern)}")
        cells = kept
    return cells


def _matches(cell: Cell, pattern: Cell) -> bool:
    # As texts, because true == 1 and 1 == 1.0.
    return all(value_text(cell[name]) == value_text(value) for name, value in pattern.items())


def cell_name(cell: Cell) -> str:
    """The coordinates as they stand in a name, such as `conversations=1000,limit=10`."""
    return ",".join(f"{name}={value_text(value)}" for name, value in cell.items())


def value_text(value: ParamValue) -> str:
    """Text is quoted only where it could be taken for something else."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and not _LIKE_ANOTHER.fullmatch(value)
        return value if plain else json.dumps(value, ensure_ascii=not value.isprintable())
    return json.dumps(value)
