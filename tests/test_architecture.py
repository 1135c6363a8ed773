"""The house: who may know whom, what the top level holds, and that the linters have nothing to say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "app.py",
    "benchmarks",
    "data",
    "pages",
    "pipeline",
    "pyproject.toml",
    "tests",
}
CODE = ("app.py", "pages", "pipeline", "benchmarks", "tests")


def tracked(*under: str) -> list[Path]:
    """Files of the checkout that git keeps or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *under],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def modules(*under: str) -> list[Path]:
    """The Python files below some rooms."""
    return [path for path in tracked(*under) if path.suffix == ".py"]


def imports(path: Path) -> set[str]:
    """The modules that a file imports, as written."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def run(*command: str) -> None:
    """Run a tool of the environment on the checkout; what it says is the test's message."""
    ended = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}{ended.stderr}"


def test_ruff_finds_nothing() -> None:
    run("ruff", "check", ".")


def test_code_is_formatted() -> None:
    run("ruff", "format", "--check", ".")


def test_types_hold() -> None:
    run("mypy")


def test_rooms_know_only_whom_they_may() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_frame_knows_what_pages_share_and_nothing_else_of_ours() -> None:
    ours = {name for name in imports(ROOT / "app.py") if name.split(".")[0] in ("pages", "pipeline")}
    assert ours
    assert all(name.startswith("pages.shared.") for name in ours), ours


def test_the_top_level_holds_the_rooms_and_nothing_else() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} - TOP_LEVEL == set()


def test_every_folder_of_code_is_a_package_that_the_wheel_holds() -> None:
    for path in modules("pipeline", "pages"):
        assert (path.parent / "__init__.py").is_file(), f"{path.parent} has no __init__.py"


def test_names_of_modules_say_what_they_hold() -> None:
    stems = {path.stem for path in modules(*CODE)}
    assert {stem for stem in stems if not re.fullmatch(r"[a-z_]+", stem)} == set()
    assert stems & {"utils", "helpers", "misc", "common"} == set()


def test_no_module_outgrew_its_name() -> None:
    lengths = {
        path.relative_to(ROOT): path.read_text("utf-8").count("\n") for path in modules("pipeline", "pages")
    }
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_every_model_states_its_grain_first() -> None:
    models = [path for path in tracked("pipeline/sql") if path.suffix == ".sql"]
    assert models
    firsts = {path.relative_to(ROOT): path.read_text(encoding="utf-8").splitlines()[0] for path in models}
    assert {name: first for name, first in firsts.items() if not first.startswith("-- grain: ")} == {}


def test_constraints_are_names_and_versions_alone() -> None:
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert lines
    pinned = re.compile(r"[a-z0-9][a-z0-9-]*==[0-9][0-9A-Za-z.+]*( ; [a-z_]+ (==|!=|<|>=) '[^']+'.*)?")
    assert [line for line in lines if not pinned.fullmatch(line)] == []


def test_constraints_cover_every_requirement() -> None:
    pinned = {line.split("==")[0] for line in (ROOT / ".ci" / "constraints.txt").read_text().splitlines()}
    assert required("test") - pinned == set()


def foreign_owners(*under: str) -> dict[str, set[str]]:
    """The packages that own each imported module that is neither ours nor of the standard library."""
    owners = packages_distributions()
    used = {name.split(".")[0] for path in modules(*under) for name in imports(path)}
    ours = {path.name for room in (ROOT, ROOT / "tests") for path in room.iterdir() if path.is_dir()}
    ours |= {path.stem for path in (ROOT / "tests" / "browser").glob("*.py")}
    foreign = used - set(sys.stdlib_module_names) - ours
    return {name: {owner.lower() for owner in owners.get(name, [name])} for name in foreign}


def required(*extras: str) -> set[str]:
    """The packages that the project asks for, with those of some extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + [
        line for extra in extras for line in project["optional-dependencies"][extra]
    ]
    return {re.split(r"[<>=!~\[ ]", requirement)[0].lower() for requirement in wanted}


def test_what_the_product_imports_is_what_it_requires() -> None:
    owners = foreign_owners("app.py", "pages", "pipeline")
    assert {name for name, owner in owners.items() if not owner & required("cluster", "s3")} == set()
    unused = required("cluster", "s3") - set().union(*owners.values())
    told = "zones for machines that have none; a server, which is a program; a loop and a writer of JSON that others take"
    assert unused == {"tzdata", "pysail", "uvloop", "orjson"}, told


def test_what_the_tests_import_is_what_their_extra_requires() -> None:
    owners = foreign_owners("tests", "benchmarks")
    assert {name for name, owner in owners.items() if not owner & required("test")} == set()


def texts() -> dict[Path, str]:
    """Every text that git keeps, but for this file, which names what it looks for."""
    kept = [path for path in tracked() if path.suffix not in (".png", ".zip") and path != Path(__file__)]
    return {path: path.read_text(encoding="utf-8") for path in kept}


def test_no_file_names_a_package_index_or_a_path_of_one_machine() -> None:
    named = re.compile(r"--(extra-)?index-url|(?<![\w.])/(home|root|work|Users)/", re.IGNORECASE)
    assert [path.name for path, text in texts().items() if named.search(text)] == []


def test_hosts_are_named_only_where_anybody_may_name_them() -> None:
    """This machine, names reserved for examples (RFC 2606), what plots say of themselves, and a server's project."""
    named = re.compile(r"https?://(?:[\w:]+@)?([\w.-]*\w\.[a-z]{2,})(?![\w.])", re.IGNORECASE)
    anybodys = re.compile(r"(.*\.)?(example(\.(com|org|net))?|invalid|localhost)$")
    of_plots = {"www.w3.org", "purl.org", "matplotlib.org", "creativecommons.org"}
    hosts = {(host.lower(), path.suffix) for path, text in texts().items() for host in named.findall(text)}
    told = {(host, kind) for host, kind in hosts if not anybodys.match(host)}
    assert told - {(host, ".svg") for host in of_plots} <= {("github.com", ".md")}


def test_ci_runs_the_readme_s_own_test_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len([line for line in readme if re.match(r"python3 -m venv .*\[test\].*pytest", line)]) == 1
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
