"""A folder that the embedded server cannot or must not use is refused in one sentence."""

import os
from pathlib import Path

import pytest

from idp.embedded_cluster import Cluster, EmbeddedPostgresError


def test_a_strangers_folder_in_tmp_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = folder / "trap"
    trap.symlink_to("/nonexistent")
    cluster = Cluster(folder)
    monkeypatch.setattr(cluster, "sockets", trap)
    with pytest.raises(EmbeddedPostgresError, match="somebody else"):
        cluster.make_folders()


def test_an_instance_folder_that_cannot_be_made_is_one_sentence(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(EmbeddedPostgresError, match="set GAPURA_INSTANCE"):
        Cluster(folder / "file" / "instance").make_folders()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")
def test_as_root_a_folder_the_servers_account_cannot_enter_is_one_sentence(folder: Path) -> None:
    folder.chmod(0o700)
    with pytest.raises(EmbeddedPostgresError, match=r"chmod o\+x"):
        Cluster(folder / "instance").make_folders()
