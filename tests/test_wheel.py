"""An installed wheel works without the checkout."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's contents in a folder of their own, as an installation has them."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def run(installed: Path, data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of the installed package, run in an empty folder that is not the checkout."""
    data.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(installed), "MISSION_LEDGER_DATA": str(data)}
    environment.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, *arguments], cwd=data, env=environment, capture_output=True, text=True, check=True, timeout=120
    )


def test_the_wheel_is_what_runs(installed: Path, tmp_path: Path) -> None:
    found = run(installed, tmp_path, "-c", "import api, ledger, migrations, projections; print(api.__file__)")

    assert found.stdout.startswith(str(installed))


def test_an_installed_wheel_migrates_and_loads_the_record_and_answers(installed: Path, tmp_path: Path) -> None:
    run(installed, tmp_path, "-m", "api.cli", "load", "haiti-mss")

    answer = run(installed, tmp_path, "-m", "api.cli", "snapshot", "haiti-mss", "--valid-at", "2025-10-03", "--json")

    assert json.loads(answer.stdout)["data"]["mandate"]["ceiling"]["total"] == 5550


def test_an_installed_wheel_serves_its_pages_of_documentation(installed: Path, tmp_path: Path) -> None:
    code = (
        "from api.app import create_app\n"
        "client = create_app().test_client()\n"
        "paths = ('/docs', '/openapi.json', '/static/swagger-ui/swagger-ui-bundle.js')\n"
        "print([client.get(path).status_code for path in paths])"
    )

    found = run(installed, tmp_path, "-c", code)

    assert found.stdout.strip() == "[200, 200, 200]"


def test_the_wheel_brings_its_licences(installed: Path) -> None:
    names = {path.name for path in installed.rglob("*") if path.is_file()}

    assert "LICENSE" in names
    assert (installed / "api" / "static" / "swagger-ui" / "LICENSE").exists()
