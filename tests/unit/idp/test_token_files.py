"""A token's file is judged when a process starts, and each time it is read; nothing of the token is repeated."""

from dataclasses import replace
from pathlib import Path

import pytest

from idp import token_files
from idp.settings import Mode, Settings, SettingsError

TOKEN = "0123456789abcdef"


def settings_with(member: str, path: Path) -> Settings:
    settings = Settings(Mode.DEMO, "http://127.0.0.1:1", 1, path.parent, path.parent / "keys")
    return replace(settings, **{member: path})  # type: ignore[arg-type]


@pytest.mark.parametrize("member", ["metrics_token_file", "messages_token_file"])
@pytest.mark.parametrize("content", [None, b"", b"\n", b"two words", b"0123456789abcdef\n0123", b"\xff" * 20])
def test_a_file_without_a_token_is_one_sentence_that_names_its_setting(
    tmp_path: Path, member: str, content: bytes | None
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError) as refusal:
        token_files.refuse_unusable(settings_with(member, path))
    said = str(refusal.value)
    assert said.startswith(f"GAPURA_{member.upper()}: {path} ")
    assert "\n" not in said
    assert "0123" not in said


def test_what_reads_the_numbers_is_no_short_word(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN[1:])
    with pytest.raises(SettingsError, match="16 or more"):
        token_files.refuse_unusable(settings_with("metrics_token_file", path))
    token_files.refuse_unusable(settings_with("messages_token_file", path))


def test_the_end_of_the_line_is_not_the_tokens(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    assert token_files.read_metrics_token(path) == TOKEN
    token_files.refuse_unusable(settings_with("metrics_token_file", path))
