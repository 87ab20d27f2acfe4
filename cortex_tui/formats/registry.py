"""The formats in which sessions are written and read. To add one, add it to `FORMATS`."""

from __future__ import annotations

from codecs import BOM_UTF8

from cortex_tui.formats import (
    bencher,
    csv_rows,
    github_action,
    hgrm,
    hlog,
    html_report,
    hyperfine,
    json_lines,
    junit,
    k6,
    markdown,
    openmetrics,
    pytest_benchmark,
    session_json,
)
from cortex_tui.formats.importing import checked
from cortex_tui.formats.port import Format, FormatError, Origin
from cortex_tui.limits import MAX_IMPORT_BYTES
from cortex_tui.store.records import StoredSession

FORMATS: dict[str, Format] = {
    each.FORMAT.name: each.FORMAT
    for each in (
        session_json,
        pytest_benchmark,
        hlog,
        csv_rows,
        json_lines,
        hgrm,
        github_action,
        bencher,
        junit,
        markdown,
        openmetrics,
        html_report,
        hyperfine,
        k6,
    )
}
"""By name."""

_HEAD_BYTES = 64 * 1024


def read_file(data: bytes, origin: Origin, name: str = "") -> StoredSession:
    """The session in a file of the format `name`, or of the one that the file looks like.

    FormatError for what cannot be read, whatever it is.
    """
    data = data.removeprefix(BOM_UTF8)  # as editors and PowerShell write it before any text
    if len(data) > MAX_IMPORT_BYTES:
        raise FormatError(f"{len(data):,} bytes: at most {MAX_IMPORT_BYTES:,} are read")
    read = FORMATS[name].read if name else _recognised(data, origin).read
    if read is None:
        raise FormatError(f"{name} is only written, not read")
    return checked(read(data, origin))


def _recognised(data: bytes, origin: Origin) -> Format:
    head = data[:_HEAD_BYTES]
    for each in FORMATS.values():
        if each.recognises is not None and each.recognises(origin.name.lower(), head):
            return each
    known = ", ".join(each.name for each in FORMATS.values() if each.read is not None)
    raise FormatError(f"in none of the formats that are recognised: name one of {known}")
