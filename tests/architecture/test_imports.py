"""The import contracts of pyproject.toml hold: no floor reaches up, no folder forms a circle."""

import subprocess
import sys
from pathlib import Path


def test_every_import_contract_is_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [lint, "--no-cache"], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout
