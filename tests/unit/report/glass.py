"""A terminal for tests: what a stream wrote, as the lines that stand on it."""

from __future__ import annotations

import io
import re

_PIECE = re.compile(r"\x1b\[\??(\d*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class Glass(io.StringIO):
    """Of 80x24 cells, with all that was scrolled out of it. It knows what the report writes:
    colours, cursor up, erasing to the end of the line and of the screen."""

    WIDTH, HEIGHT = 80, 24

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """Without empty ones at the end. AssertionError for what a terminal would not do."""
        lines, row, column = [""], 0, 0
        for match in _PIECE.finditer(self.getvalue()):
            number, code, back, feed, text = match.groups()
            if code == "A":
                assert int(number) <= min(row, self.HEIGHT - 1), "up beyond the screen"
                row -= int(number)
            elif code in ("K", "J"):
                lines[row] = lines[row][:column]
                del lines[row + 1 if code == "J" else len(lines) :]
            elif back:
                column = 0
            elif feed:
                row, column = row + 1, 0
                lines += [""] * (row + 1 - len(lines))
            elif text:
                assert column + len(text) <= self.WIDTH, f"wider than the screen: {text}"
                before = lines[row].ljust(column)
                lines[row] = before[:column] + text + before[column + len(text) :]
                column += len(text)
        return "\n".join(lines).rstrip("\n").split("\n")
