"""Projects of users, as their code may be divided among folders."""

from __future__ import annotations

import textwrap
from pathlib import Path

import msgspec

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.profiles.suite import read_suite
from cortex_tui.protocol.plan import RunnerSpec, RunPlan, SessionPlan

PROJECTS = {
    "siblings": {
        "profiles/bench.toml": "bench:work",
        "profiles/bench.py": "import helper\ndef work(): helper.check()\n",
        "profiles/helper.py": "def check(): pass\n",
    },
    "relative imports": {
        "shop/bench/__init__.py": "",
        "shop/__init__.py": "",
        "shop/cart.py": "def check(): pass\n",
        "shop/bench/bench.toml": "speed:work",
        "shop/bench/speed.py": "from ..cart import check\nfrom . import other\n"
        "def work(): check(); other.check()\n",
        "shop/bench/other.py": "def check(): pass\n",
    },
    "src layout": {
        "bench.toml": "bench:work",
        "bench.py": "import shop\ndef work(): shop.check()\n",
        "src/shop/__init__.py": "from shop.cart import check\n",
        "src/shop/cart.py": "def check(): pass\n",
    },
    "data next to the suite": {
        "profiles/bench.toml": "bench:work",
        "profiles/bench.py": """
            from pathlib import Path
            def work():
                assert (Path(__file__).parent / "data/words.txt").read_text() == "one"
                assert Path("profiles/data/words.txt").read_text() == "one"
            """,
        "profiles/data/words.txt": "one",
    },
    "an import inside of a function": {
        "bench.toml": "bench:work",
        "bench.py": "def work():\n    import late\n    late.check()\n",
        "late.py": "def check(): pass\n",
    },
    "a project on the user's path": {
        "app/bench.toml": "bench:work",
        "app/bench.py": "import shop\ndef work(): shop.check()\n",
        "lib/shop.py": "def check(): pass\n",
    },
}


def project(home: Path, files: dict[str, str]) -> Profile:
    """Writes it; the one profile of its suite."""
    for path, text in files.items():
        file = home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".toml"):
            text = f'[profile.x]\nworkload = "{text}"\nduration = "1s"\n'
        file.write_text(textwrap.dedent(text), encoding="utf-8")
    (suite,) = home.rglob("bench.toml")
    found = read_suite(suite, str(suite)).suite
    assert found is not None
    (profile,) = found.profiles
    return msgspec.structs.replace(profile, stop=Length(iterations=20), warmup=Length())


def plan_for(
    profile: Profile, home: Path, *runners: RunnerSpec, session: str = "s1", shared_by: int = 1
) -> SessionPlan:
    run = RunPlan(0, profile, runners=tuple(range(shared_by)))
    return SessionPlan(
        session=session, runs=(run,), scratch=str(home / "scratch" / session),
        cache=str(home / "cache"), interval_ns=10_000_000, runners=runners,
    )  # fmt: skip
