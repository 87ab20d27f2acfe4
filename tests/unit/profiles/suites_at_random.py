"""Suites in every layout that TOML has, and changes of their profiles, made from a seed."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from cortex_tui.profiles.drafts import Changes
from cortex_tui.toml.writing import toml_text

Owner = tuple[str, str] | None
"""The profile and the key that a line belongs to; None for what is nobody's."""


Lines = list[tuple[str, Owner]]


class Written(NamedTuple):
    """The text of a suite."""

    lines: Lines
    newline: str
    ends: bool

    @property
    def text(self) -> str:
        text = "".join(line + self.newline for line, _ in self.lines)
        return text if self.ends else text.removesuffix(self.newline)

    def lines_of_others(self, profile: str, keys: set[str]) -> list[str]:
        """The lines that a change of these keys of a profile must leave as they are."""
        changed = {(profile, key) for key in keys}
        lines = [line for line, owner in self.lines if owner not in changed]
        while lines and not lines[-1]:
            lines.pop()  # blank lines at the end are nothing to keep
        return lines


class SuiteMaker:
    """Makes suites and changes; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._comments = 0

    def maybe(self, share: float = 0.5) -> bool:
        return self.random.random() < share

    # --- values -------------------------------------------------------------------------------

    def load(self) -> dict[str, Any]:
        pick = self.random.randrange(3)
        if pick == 0:
            load: dict[str, Any] = {"workers": self.random.randint(1, 64)}
            if self.maybe():
                load["think_time"] = f"{self.random.randint(1, 9)}ms"
        elif pick == 1:
            load = {"rate": f"{self.random.randint(1, 900)}/s"}
            if self.maybe():
                load["arrivals"] = self.random.choice(["poisson", "constant"])
            if self.maybe():
                load["max_in_flight"] = self.random.randint(1, 999)
        else:
            stages = [self.stage() for _ in range(self.random.randint(1, 3))]
            load = {"stages": stages}
        return load

    def stage(self) -> dict[str, Any]:
        stage = {"rate": f"{self.random.randint(1, 99)}/s", "for": f"{self.random.randint(1, 9)}s"}
        return {**stage, "ramp": True} if self.maybe(0.3) else stage

    def value(self, key: str) -> Any:
        pick = self.random
        match key:
            case "load":
                return self.load()
            case "params":
                values = [pick.randint(-9, 9_999), 1.5, True, 'a "quoted" text', "é\\n", ""]
                names = pick.sample(["size", "text", "limit", "häufig", "deep"], pick.randint(0, 4))
                return {name: pick.choice(values) for name in names}
            case "targets" | "warn_targets":
                all_targets = [f"p95 < {n}ms" for n in range(1, 9)] + ["mean < 3ms", "errors == 0"]
                return pick.sample(all_targets, pick.randint(0, 4))
            case "tags":
                return pick.sample(["slow", "quick", "nightly", "a-b"], pick.randint(0, 3))
            case "warmup":
                choices = ["1s", "auto", 0, 50, {"at_most": f"{pick.randint(1, 9)}s"}]
                return pick.choice(choices)
            case "iterations":
                return pick.randint(1, 9_999)
            case "precision":
                return {"p99": f"{pick.randint(1, 9)}%", "at_most": f"{pick.randint(60, 90)}s"}
            case _:
                return f"{pick.randint(1, 99)}s"

    def keys(self) -> dict[str, Any]:
        """The keys of a profile, in any order; whether they are right is not their concern."""
        names = ["load", "params", "targets", "warn_targets", "tags", "warmup", "duration"]
        names += ["iterations", "precision"]
        chosen = self.random.sample(names, self.random.randint(0, len(names)))
        if not chosen or self.maybe(0.9):
            chosen.append("workload")
        self.random.shuffle(chosen)
        return {key: "a:b" if key == "workload" else self.value(key) for key in chosen}

    def changes(self, stated: Changes) -> Changes:
        names = [
            *("load", "params", "targets", "warn_targets", "tags", "warmup"),
            *("duration", "iterations", "precision"),
        ]
        chosen = self.random.sample(names, self.random.randint(1, 4))
        return {
            key: None if key in stated and self.maybe(0.2) else self.value(key) for key in chosen
        }

    # --- text ---------------------------------------------------------------------------------

    def suite(self) -> tuple[Written, dict[str, dict[str, Any]]]:
        """A suite, and the keys of its profiles."""
        names = ["one", "two-b", "3", "four_d"][: self.random.randint(1, 4)]
        profiles = {name: self.keys() for name in names}
        lines: Lines = []
        self.remark(lines)
        dotted = [name for name in names if self.maybe(0.15)]
        inline = [name for name in names if name not in dotted and self.maybe(0.15)]
        if self.maybe():
            lines.append((f'description = "d"{self.comment()}', None))
        for name in dotted:
            for key, value in profiles[name].items():
                self.remark(lines)
                prefix = f"profile.{name}." if self.maybe(0.8) else f'profile . "{name}" . '
                self.key(lines, prefix, name, key, value)
        if self.maybe():
            lines += [("[defaults]", None), ('duration = "9s"  # of all', None)]
            self.remark(lines)
        # [profile] may not be defined where dotted keys have made it already.
        inline = [] if dotted else inline
        if inline:
            lines.append(("[profile]", None))
            for name in inline:
                self.remark(lines)
                body = ", ".join(f"{k} = {toml_text(v)}" for k, v in profiles[name].items())
                # One line for all of its keys: they are changed within it.
                lines.append((f"{name} = {{ {body} }}{self.comment()}", (name, "")))
        tables: list[Lines] = []
        for name in names:
            if name not in dotted and name not in inline:
                self.tables(tables, name, profiles[name])
        for table in tables:
            lines += table
            self.remark(lines)
        newline = "\r\n" if self.maybe(0.3) else "\n"
        return Written(lines, newline, self.maybe(0.7)), profiles

    def tables(self, tables: list[Lines], name: str, keys: dict[str, Any]) -> None:
        """The table of a profile, and perhaps tables within it, which may come elsewhere."""
        header = self.random.choice([f"profile.{name}", f'profile."{name}"', f" profile . {name} "])
        own: Lines = [(f"[{header}]{self.comment()}", None)]
        within: list[Lines] = []
        for key, value in keys.items():
            self.remark(own)
            if isinstance(value, dict) and value and self.maybe(0.4):
                within += self.table_within(name, header, key, value)
            else:
                self.key(own, "  " if self.maybe(0.2) else "", name, key, value)
        if within and len(own) == 1 and self.maybe():
            own = within.pop(0)
        tables.append(own)
        for table in within:
            # Only behind its own profile: what comes before it would be another layout again.
            tables.insert(self.random.randint(tables.index(own) + 1, len(tables)), table)
            own = table

    def table_within(self, name: str, header: str, key: str, value: dict[str, Any]) -> list[Lines]:
        owner = (name, key)
        # Spelt as the profile's: tomlkit spells all headers of arrays as the table above them.
        path = f"{header}.{key}"
        if "stages" in value and self.maybe():
            # In one piece: what stands between the tables of an array goes with them.
            array: Lines = []
            for stage in value["stages"]:
                array.append((f"[[{path}.stages]]", owner))
                array += [
                    (f"{k} = {toml_text(v)}{self.comment()}", owner) for k, v in stage.items()
                ]
            return [array]
        lines: Lines = [(f"[{path}]{self.comment()}", owner)]
        return [[*lines, *self.keys_within(value, owner)]]

    def keys_within(self, table: dict[str, Any], owner: Owner) -> Lines:
        return [
            (f"{_name(key)} = {toml_text(value)}{self.comment()}", owner)
            for key, value in table.items()
        ]

    def key(self, lines: Lines, prefix: str, name: str, key: str, value: Any) -> None:
        owner = (name, key)
        if isinstance(value, dict) and value and self.maybe(0.3):
            for inner, item in value.items():
                text = f"{prefix}{key}.{_name(inner)} = {toml_text(item)}{self.comment()}"
                lines.append((text, owner))
        elif isinstance(value, list) and value and self.maybe():
            lines.append((f"{prefix}{key} = [{self.comment()}", owner))
            lines += [(f"    {toml_text(item)},{self.comment()}", owner) for item in value]
            lines.append((f"]{self.comment()}", owner))
        else:
            equals = self.random.choice([" = ", "=", "   =  "])
            lines.append((f"{prefix}{key}{equals}{toml_text(value)}{self.comment()}", owner))

    def comment(self) -> str:
        if self.maybe(0.6):
            return ""
        self._comments += 1
        return f"   # comment {self._comments} [not.a = 'table']"

    def remark(self, lines: Lines) -> None:
        for _ in range(self.random.choice([0, 0, 1, 2])):
            self._comments += 1
            lines.append((self.random.choice(["", f"# remark {self._comments}"]), None))


def _name(name: str) -> str:
    return name if name.isascii() else f'"{name}"'
