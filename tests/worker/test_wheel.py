"""Installed as a wheel in a fresh environment, carepath needs neither its checkout nor a working directory (F1)."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.dear

ROOT = Path(__file__).parents[2]

SUPPORTED = ("3.11", "3.12", "3.13")

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"

ALL = "CAREPATH_ALL_PYTHONS"
"""Set it to install all libraries for the other versions too, which takes a minute each (`make pythons`)."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy: a build leaves its traces behind."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("workflows", "activities", "worker", "deploy"):
        shutil.copytree(
            ROOT / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    # What `pip wheel` asks of the back end, without pip around it.
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(out)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True, timeout=300)
    (built,) = out.glob("carepath-*.whl")
    return built


def python(version: str) -> Path | None:
    """An interpreter of a version on this machine that runs."""
    places = [*os.environ.get("PATH", "").split(os.pathsep), *_of_pyenv(version)]
    for place in places:
        found = Path(place) / f"python{version}"
        if found.is_file() and _runs(found, version):
            return found
    return None


def _of_pyenv(version: str) -> list[str]:
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [str(one / "bin") for one in sorted(versions.glob(f"{version}*"))]


def _runs(interpreter: Path, version: str) -> bool:
    asked = [str(interpreter), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    return told.stdout.strip() == version


def test_the_wheel_holds_the_example_clinic_and_all_files_that_are_no_code(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    example = ROOT / "deploy" / "example"
    files = [one for one in example.rglob("*") if one.is_file() and "__pycache__" not in one.parts]
    assert {f"worker/example/{one.relative_to(example)}" for one in files} <= held
    for folder, pattern in (
        ("activities/messages/templates", "*.txt"),
        ("activities/clinic_database", "**/0*.py"),
        ("workflows/core/episode/assessment/published", "*.toml"),
    ):
        wanted = {str(one.relative_to(ROOT)) for one in (ROOT / folder).glob(pattern)}
        assert wanted, f"there is no {folder}/{pattern} any more"
        assert wanted <= held
    assert {name.partition("/")[0] for name in held if ".dist-info" not in name} == {
        "workflows",
        "activities",
        "worker",
    }


@pytest.mark.parametrize("version", SUPPORTED)
def test_the_installed_package_runs_in_any_folder(wheel: Path, version: str, tmp_path: Path) -> None:
    interpreter = python(version)
    if interpreter is None:
        pytest.skip(f"there is no Python {version} on this machine")
    if version != OWN and not os.environ.get(ALL):
        pytest.skip(f"only with {ALL}=1: the libraries have to be installed for Python {version}")
    environment = tmp_path / "venv"
    # The pip that is here serves; to put another one into the environment takes longer than all the rest.
    subprocess.run(
        [str(interpreter), "-m", "venv", "--without-pip", str(environment)], check=True, timeout=300
    )
    into = str(environment / "bin" / "python")
    pip = [
        sys.executable, "-m", "pip", "--python", into, "install", "--quiet", "--disable-pip-version-check",
    ]  # fmt: skip
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True, timeout=300)
    if version == OWN:
        # The libraries of this environment serve: what is judged is where the package finds its own files.
        site = next((environment / "lib").glob("python*/site-packages"))
        (site / "libraries.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n")
    else:
        # uv takes seconds where pip takes minutes.
        uv = shutil.which("uv")
        fast = (
            [uv, "pip", "install", "--quiet", "--python", str(environment / "bin" / "python")] if uv else pip
        )
        wanted = [*fast, "--require-hashes", "-r", str(ROOT / "constraints.txt")]
        subprocess.run(wanted, check=True, timeout=1800)
    folder = tmp_path / "somewhere"
    folder.mkdir()
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("CAREPATH", "TEMPORAL"))
    }
    here = {**kept, "XDG_DATA_HOME": str(tmp_path / "data"), "PYTHONPATH": ""}

    def types(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(environment / "bin" / "carepath"), *arguments]
        return subprocess.run(
            command, cwd=folder, env=here, capture_output=True, text=True, check=False, timeout=120
        )

    lost = types("ledger", "verify")
    assert (lost.returncode, str(tmp_path / "data" / "carepath") in lost.stderr) == (1, True), lost.stderr
    assert not (tmp_path / "data").exists()
    assert types("templates", "check").returncode == 0
    assert "stateDiagram" in types("pathway", "show", "iop").stdout
    rule = types("rules", "S6").stdout
    assert ("UseFacts.holds" in rule, "tests.hold_review" in rule, "tests:" in rule) == (True, True, False), (
        rule
    )
    laid_out = subprocess.run(
        [str(environment / "bin" / "python"), "-c", LAY_OUT], cwd=folder, env=here, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert laid_out.returncode == 0, laid_out.stderr
    assert "0 lines" in types("ledger", "verify").stdout
    assert types("agencies").returncode == 0
    assert list(folder.iterdir()) == []


LAY_OUT = """
import asyncio
from worker.example import generate
from worker.home import lay_out
from worker.settings import load_settings
from worker.setup import make_clinic

settings = load_settings()
asyncio.run(make_clinic(settings))
lay_out(settings.home, "agencies.yaml", "directories")
assert generate.__file__.startswith(__import__("sys").prefix), generate.__file__
"""
"""What `carepath up` does before it starts a server."""
