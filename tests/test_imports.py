"""Imports point one way. The table below is the order of the house, the lowest layer first."""

from __future__ import annotations

import ast
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import sfxgen

LAYERS = """
errors  events  colour  categories
atomic  paths  recipe  yaml_source
contracts  wording  recipe_changes
catalog  schema  layers  finish  projectfiles  filenames
project  lines
sound
manifest
lock
store
disk
wanted
plan
planner  drafts  spread  credited
audio
mastering
acceptance
models  engines
report
sessions  workspace
gamefiles  siblings  textfiles  candidates  lacking
generate
produce
build
verify  watch
cli
__main__
"""
"""A part may import what stands above its own line, and itself. Parts of one line do not know each other."""

MAY_IMPORT = {
    "audio": "errors recipe colour categories",
    "mastering": "errors recipe colour categories audio",
    "acceptance": "errors recipe colour categories audio mastering",
    "engines": "errors recipe contracts",
    "models": "errors events recipe contracts audio yaml_source wording",
    "plan": "lock disk wanted",
    "layers": "recipe contracts",
    "planner": "contracts lock disk store wanted plan recipe_changes",
    "report": "errors audio models categories lock wording",
}
"""Parts that know even less than their line allows."""

ROOT = Path(sfxgen.__file__).parent
ORDER = {part: row for row, line in enumerate(LAYERS.split("\n")) for part in line.split()}


def modules() -> dict[str, ast.Module]:
    """Every module of the package, by its name below `sfxgen`."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    found.pop("__init__")
    return found


MODULES = modules()


class _Imports(ast.NodeVisitor):
    """Collects what a module imports when it runs, inside functions too, but not under `if TYPE_CHECKING`."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.names |= {alias.name for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            below = f"{node.module}.{alias.name}".removeprefix("sfxgen.")
            self.names.add(f"sfxgen.{below}" if below in MODULES else str(node.module))


@cache
def imports(module: str) -> frozenset[str]:
    visitor = _Imports()
    visitor.visit(MODULES[module])
    return frozenset(visitor.names)


@cache
def own_imports(module: str) -> tuple[str, ...]:
    names = sorted(imports(module))
    return tuple(name.removeprefix("sfxgen.") for name in names if name.startswith("sfxgen."))


def part_of(module: str) -> str:
    return module.split(".")[0]


def reached(module: str, seen: set[str]) -> set[str]:
    """Every module of ours that a module leads to, itself included."""
    if module not in seen:
        seen.add(module)
        for other in own_imports(module):
            reached(other, seen)
    return seen


def test_every_part_has_its_place_in_the_table() -> None:
    assert {part_of(module) for module in MODULES} == set(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_to_lower_layers_only(module: str) -> None:
    part = part_of(module)
    for other in own_imports(module):
        assert part_of(other) == part or ORDER[part_of(other)] < ORDER[part], f"{module} imports {other}"
        if part in MAY_IMPORT:
            assert part_of(other) in {part, *MAY_IMPORT[part].split()}, f"{module} imports {other}"


def test_no_module_leads_back_to_itself() -> None:
    for module in MODULES:
        for other in own_imports(module):
            assert module == other or module not in reached(other, set()), f"{module} and {other}"


@pytest.mark.parametrize("group", ["sfxgen.models", "sfxgen.engines"])
def test_adapters_and_exporters_do_not_know_each_other(group: str) -> None:
    homes = {point.module.removeprefix("sfxgen.") for point in entry_points(group=group)}
    assert len(homes) >= 2
    for home in homes:
        own = {module for module in MODULES if module == home or module.startswith(f"{home}.")}
        for module in own:
            others = {
                h
                for h in homes - {home}
                if any(r == h or r.startswith(f"{h}.") for r in reached(module, set()))
            }
            assert not others, f"{module} leads to {others}"


def test_what_adapters_share_knows_none_of_them() -> None:
    homes = tuple(point.module.removeprefix("sfxgen.") for point in entry_points(group="sfxgen.models"))
    shared = [module for module in MODULES if part_of(module) == "models" and not module.startswith(homes)]
    assert shared
    for module in shared:
        assert not [other for other in reached(module, set()) if other.startswith(homes)]


@pytest.mark.parametrize("module", ["plan", "planner"])
def test_the_plan_is_pure(module: str) -> None:
    assert not imports(module) & {"os", "io", "shutil", "subprocess", "pathlib", "tempfile", "time", "random"}


def test_only_the_command_line_prints_and_exits() -> None:
    for module, tree in MODULES.items():
        if part_of(module) in ("cli", "__main__"):
            continue
        assert not imports(module) & {"click", "rich"}, module
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("print", "exit", "sys.exit", "os._exit", "input"), (
                    f"{module}:{node.lineno}"
                )
            if isinstance(node, ast.Raise) and node.exc is not None:
                assert "SystemExit" not in ast.unparse(node.exc), f"{module}:{node.lineno}"


def test_the_way_of_reading_imports_sees_them() -> None:
    assert {"mastering", "acceptance", "audio.codec"} <= set(own_imports("produce"))
    assert "produce" in set(own_imports("build")), "an import inside a function counts"
    assert "audio.clip" not in set(own_imports("contracts")), "one for type checkers does not"
