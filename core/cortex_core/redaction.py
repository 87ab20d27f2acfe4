"""Takes secrets out of text before it reaches a log."""

import re

_HIDDEN = "[secret]"

LOOKED_AHEAD = 1_000
"""How much more of a text `shown` looks at than it shows: a secret may begin at the end of that."""

_NAMES = r"""
    pass(?:word|wd|phrase|code)s? | secrets? | token | tokens(?!\W{1,5}\d+\b) | credentials?
    | (?:api|access|secret|private|signing|encryption|account|client|session|master|ssh|auth)
      [_\-\ ]?keys?(?:[_\-]?base)?
    | session[_\-\ ]?id | signature | passport | social[_\-\ ]?security | iban | cvv2? | cvc2?
    | (?:credit|debit|bank)[_\-\ ]?card | connection[_\-\ ]?string
    | (?:card|account|routing|passport|security)[_\-\ ]?n(?:umber|o)
    | (?<![a-z]) (?: pass | pwd | ssn | otp | pin | auth | sig | dsn )
"""
"""What names a secret. Longer names may end so: `db_password`, `X-Api-Key`, `accessToken`."""

_BETWEEN = r"""
    (?: \\*["']? (?:[_\-\ ]?n(?:umber|o))? \\*["']? \s* (?: := | => | [:=]{1,2} | > ) \s*
      | \\*["'] \s* , \s* (?=[bru]?\\*["']) )
"""
"""Between name and value: `name=`, `"name": `, `name => `, `<name>`, and `('name', 'value')`."""

_QUOTED = r"""
    [bru]{0,2} (?P<quote>\\*["']) .*? (?: (?<!\\) (?P=quote) | \Z )
"""
"""A text in quotes, or cut off within them; quotes in a text in quotes have a backslash more."""

_HEADER = re.compile(
    rf"""(?isx)
    ( (?:authorization | cookie2?) {_BETWEEN} )
    (?: {_QUOTED} | (?: (?!\\[rn]) [^\r\n"'] )+ )"""
)
_NAMED = re.compile(
    rf"""(?isx)
    ( (?:{_NAMES}) {_BETWEEN} )
    (?: {_QUOTED}
      | [\[({{] [^\])}}]* [\])}}]?                        # several
      | \d (?:[\ -]?\d){{5,}} | [A-Z]{{2}}\d\d (?:\ ?[A-Z0-9]{{2,4}}){{3,8}}
      | [^\s"']+ )"""
)
_OPTION = re.compile(rf"""(?ix) ( (?<!-) --[\w-]*? (?:{_NAMES}) \s ) \s* [^\s"'-][^\s"']* """)
_BEARER = re.compile(r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}")
_IN_URL = re.compile(
    r"""(?x) (?<=://)
    (?: [^/\s"'<>:@]{0,200} : (?!\d{1,5}/) [^\s"'<>]{0,200} | [^/\s"'<>:@]{16,} ) (?=@)"""
)
_BY_SHAPE = re.compile(
    r"""(?x)
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY[A-Z ]*-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY[A-Z ]*-----|\Z)
    | \b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}
    | \bgh[oprsu]_[A-Za-z0-9]{20,} | \bgithub_pat_\w{20,} | \bglpat-[\w-]{20,}
    | \bnpm_[A-Za-z0-9]{20,} | \bhf_[A-Za-z0-9]{20,} | \bpypi-[\w-]{20,} | \bAIza[\w-]{30,}
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,} | \bhooks\.slack\.com/services/[\w/]+
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b
    | \beyJ[\w-]+\.[\w-]+\.[\w-]+
    | \b\d{3}-\d{2}-\d{4}\b """,
    re.DOTALL,
)
_CARD = re.compile(r"\b[3-6]\d{3}(?:[ -]?\d){9,15}\b")


def redacted(text: str) -> str:
    """`text` with what looks like a secret or a personal number replaced.

    A net, not a proof: it knows what is named (`password=…`, `"api_key": "…"`, `--token …`),
    authorization headers and cookies, credentials in URLs, numbers of cards and of social
    security, and the shapes of common keys. It rather hides too much than too little.
    """
    text = _BY_SHAPE.sub(_HIDDEN, text)
    text = _IN_URL.sub(_HIDDEN, text)
    text = _CARD.sub(_unless_no_card, text)
    text = _HEADER.sub(rf"\1{_HIDDEN}", text)
    text = _BEARER.sub(rf"\1{_HIDDEN}", text)
    text = _OPTION.sub(rf"\1{_HIDDEN}", text)
    return _NAMED.sub(rf"\1{_HIDDEN}", text)


def shown(text: str, most: int) -> str:
    """The first `most` characters of `text`, without secrets, in a time that does not depend on
    how long it is."""
    # Redacted before it is cut: a cut secret no longer has its shape.
    clean = redacted(text[: most + LOOKED_AHEAD])
    whole = len(text) <= most + LOOKED_AHEAD and len(clean) <= most
    return clean if whole else f"{clean[:most]}…"


def _unless_no_card(found: re.Match[str]) -> str:
    """Numbers of cards end with a check digit (Luhn's, ISO/IEC 7812-1); others seldom fit."""
    digits = [int(character) for character in found[0] if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return found[0] if (sum(digits[-1::-2]) + sum(doubled)) % 10 else _HIDDEN
