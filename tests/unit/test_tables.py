"""Tables of text."""

from __future__ import annotations

from cortex_tui.tables import Cell, Column, aligned, table, table_lines

ROWS = [("a", 1), ("日本", 22_222)]
NAME: Column[tuple[str, int]] = Column("name", lambda row: Cell(row[0], "good"), left=True)
COUNT: Column[tuple[str, int]] = Column("count", lambda row: Cell(str(row[1])), goes=1)


def test_cells_are_as_wide_as_their_column_whatever_is_in_them() -> None:
    assert table([NAME, COUNT], ROWS, 80) == [
        (Cell("name", "dim"), Cell("count", "dim")),
        (Cell("a   ", "good"), Cell("    1")),
        (Cell("日本", "good"), Cell("22222")),
    ]
    assert aligned(["a\nb", "x"]) == ["a␊b", "x  "]


def test_columns_that_can_go_do_so_where_there_is_no_room() -> None:
    assert len(table([NAME, COUNT], ROWS, 11)[0]) == 2
    assert len(table([NAME, COUNT], ROWS, 10)[0]) == 1
    assert len(table([NAME, COUNT], ROWS, 10, gap=" ")[0]) == 2
    assert [cell.text for (cell,) in table([NAME], ROWS, 1)] == ["name", "a   ", "日本"]


def test_a_table_without_rows_has_its_titles_and_a_list_has_no_lines() -> None:
    assert table([NAME, COUNT], [], 80) == [(Cell("name", "dim"), Cell("count", "dim"))]
    assert table_lines(("name", "count"), []) == []


def test_a_list_leaves_out_columns_in_which_nothing_is() -> None:
    rows = [("a", "", "1"), ("b", "", "20")]
    lines = table_lines(("name", "tags", "count"), rows, right=("count",), optional=("tags",))
    assert lines == ["name  count", "a         1", "b        20"]
