"""The house keeps its rooms apart, and what is installed is one package."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLUGIN_FOLDERS = ("metrics", "baselines", "leaderboards")


def imports_of(path: Path) -> set[str]:
    """The full names of all modules that a file imports, at any depth of indentation."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            found |= {start} | {f"{start}.{alias.name}" for alias in node.names}
    return found


def core_files() -> list[Path]:
    return sorted((ROOT / "evalsuite").rglob("*.py"))


def test_the_core_imports_no_plugin():
    for path in core_files():
        named = [name for name in imports_of(path) if name.split(".")[:2][-1] in PLUGIN_FOLDERS]
        assert not named, (path, named)


@pytest.mark.parametrize("folder", PLUGIN_FOLDERS)
def test_plugins_import_the_core_and_never_each_other(folder):
    for path in (ROOT / folder).glob("*.py"):
        for name in imports_of(path):
            if name.startswith("."):
                own_folder = (ROOT / folder / name.split(".")[1]).is_dir()
                assert own_folder or name.startswith("._"), (path, name)
            assert not name.startswith(tuple(f"evalsuite.{other}" for other in PLUGIN_FOLDERS)), (path, name)


def test_arrows_go_one_way():
    order = ["errors", "disk", "types", "interfaces", "plugins", "store", "results", "published"]
    order += ["work", "execute", "run", "ranking", "curves", "cli"]
    for place, name in enumerate(order):
        later = {f"evalsuite.{other}" for other in order[place + 1 :]}
        found = imports_of(ROOT / "evalsuite" / f"{name}.py") & later
        assert not found, (name, found)


def test_the_toon_world_knows_nothing_of_the_machine():
    allowed = ("evalsuite.toon", "evalsuite.types", "evalsuite.errors", "evalsuite.footage")
    for path in (ROOT / "evalsuite" / "toon").glob("*.py"):
        for name in imports_of(path):
            assert not name.startswith("evalsuite.") or name.startswith(allowed), (path, name)


def test_the_wheel_holds_one_top_level_package(tmp_path):
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
        str(tmp_path),
        ".",
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"evalsuite"}
    for needed in (
        "evalsuite/py.typed",
        "evalsuite/suites/one_minute.toml",
        "evalsuite/metrics/motion.py",
        "evalsuite/metrics/weights/toon_id.safetensors",
        "evalsuite/metrics/weights/outlines.safetensors",
        "evalsuite/metrics/weights/toon_place.safetensors",
        "evalsuite/metrics/weights/clean_frames.safetensors",
        "evalsuite/baselines/oracle.py",
        "evalsuite/leaderboards/tie_bands.json",
    ):
        assert needed in names


def test_every_package_folder_is_packaged():
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = [*PLUGIN_FOLDERS, "evalsuite"]
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for folder in folders
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert listed == {name if name.startswith("evalsuite") else f"evalsuite.{name}" for name in found}


def test_no_name_says_nothing():
    empty = {"utils", "util", "helpers", "helper", "manager", "base", "common", "core", "misc"}
    found = [path for folder in (*PLUGIN_FOLDERS, "evalsuite") for path in (ROOT / folder).rglob("*.py")]
    assert not [path for path in found if path.stem.strip("_") in empty]
