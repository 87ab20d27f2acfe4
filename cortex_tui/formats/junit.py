"""JUnit XML, written only: each target and each comparison is a test case.

`classname` is the profile and `name` the target, which is what GitLab takes for the identity of a
case. It shows the text of a failure, and not its attribute `message`, so both say the same.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from cortex_tui.formats.cases import Case, cases_of
from cortex_tui.formats.port import Format, Recording
from cortex_tui.text import encodable, one_line

# What XML 1.0 has no place for, whatever it is escaped as.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SKIPPED = ("undecided", "warned")


def _write(recording: Recording) -> bytes:
    record = recording.result.record
    cases = cases_of(recording)
    suite = ET.Element(
        "testsuite",
        name=_text(recording.result.snapshot or record.id),
        timestamp=_text(record.started_at),
        tests=str(len(cases)),
        failures=str(sum(case.outcome == "failed" for case in cases)),
        errors=str(sum(case.outcome == "error" for case in cases)),
        skipped=str(sum(case.outcome in _SKIPPED for case in cases)),
        time=f"{sum(run.measured_ns for run in recording.result.runs) / 1e9:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in record.environment.items():
        if isinstance(value, str | int | float):
            ET.SubElement(properties, "property", name=_text(name), value=_text(str(value)))
    for case in cases:
        suite.append(_element(case))
    notes = [text for each in recording.compared for text in each.notes]
    if notes:  # such as that other processes were busy
        ET.SubElement(suite, "system-out").text = "\n".join(map(_text, notes))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _element(case: Case) -> ET.Element:
    time = f"{case.measured_ns / 1e9:.3f}"
    element = ET.Element("testcase", classname=_text(case.suite), name=_text(case.name), time=time)
    text = _text(case.whole_text)
    if case.outcome in ("failed", "error"):
        tag = "failure" if case.outcome == "failed" else "error"
        ET.SubElement(element, tag, message=text, type=case.outcome).text = text
    elif case.outcome in _SKIPPED:
        ET.SubElement(element, "skipped", message=text)
    else:
        ET.SubElement(element, "system-out").text = text
    return element


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", one_line(str(encodable(text))))


FORMAT = Format(
    "junit",
    ".xml",
    "JUnit XML: each target and each comparison is a test case; undecided ones are skipped",
    "all times but those that targets name",
    write=_write,
)
