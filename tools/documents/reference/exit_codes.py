"""With which exit codes commands end, from the module that has them."""

from __future__ import annotations

from cortex_tui import exit_codes
from cortex_tui.report.headless import FAIL_BY_DEFAULT, FAIL_ON
from tools.documents.reference.attributes import described
from tools.documents.reference.markdown import code, prose, table


def page() -> str:
    meanings = {
        value: meaning
        for name, meaning in described(exit_codes).items()
        if isinstance(value := getattr(exit_codes, name), int)
    }
    order = ", ".join(code(str(each)) for each in exit_codes.BY_SEVERITY)
    default = ",".join(word for word in FAIL_ON if word in FAIL_BY_DEFAULT)
    return "\n\n".join(
        [
            "# Exit codes",
            "How commands of `cortex-tui` end, for scripts and jobs. An error is a line on stderr.",
            table(("code", "means"), ((code(str(n)), prose(text)) for n, text in meanings.items())),
            f"Where several hold, the worst is the exit code; from best to worst they are {order}.",
            f"`run --fail-on WORDS` chooses what counts, of {', '.join(map(code, FAIL_ON))}; "
            f"`--fail-on {default}` is the default. `--undecided pass`, which `run` and `compare` "
            f"have, makes {code(str(exit_codes.GOOD))} of {code(str(exit_codes.UNDECIDED))}. "
            "[In continuous integration](../guides/ci.md#exit-codes) shows how jobs use them.",
        ]
    )
