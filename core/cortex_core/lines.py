"""Texts from outside, as a terminal and a log can take them."""


def one_line(text: str) -> str:
    """`text` on one line, with whatever else is not printable as Python would write it: `\\x1b`."""
    text = " ".join(text.splitlines())
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
