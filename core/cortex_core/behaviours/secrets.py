"""Takes secrets out of text before it reaches a log."""

import re

_HIDDEN = "[secret]"

_NAMED = re.compile(
    r"""(?ix)
    ( (?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|credentials?)
      ["']? \s* [:=] \s* ["']? )
    [^\s"',;]+ """
)
_BEARER = re.compile(r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}")
_IN_URL = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
_BY_SHAPE = re.compile(
    r"""(?x)
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | \b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}
    | \bgh[oprsu]_[A-Za-z0-9]{20,} | \bgithub_pat_\w{20,}
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b
    | \beyJ[\w-]+\.[\w-]+\.[\w-]+ """,
    re.DOTALL,
)


def redacted(text: str) -> str:
    """`text` with what looks like a password, token or key replaced.

    A net, not a proof: it knows named secrets (`password=…`), authorization headers,
    credentials in URLs and the shapes of common keys.
    """
    text = _BY_SHAPE.sub(_HIDDEN, text)
    text = _IN_URL.sub(_HIDDEN, text)
    text = _BEARER.sub(rf"\1{_HIDDEN}", text)
    return _NAMED.sub(rf"\1{_HIDDEN}", text)
