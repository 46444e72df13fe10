"""A bearer token in a file, as an operator writes it: one line of visible characters. What is wrong with the file
is one sentence that names its setting; of the token it says nothing.
"""

import re
from pathlib import Path

from idp.settings import Settings, SettingsError

LONGEST = 4096
_TOKEN = re.compile(rb"[!-~]+")


def read_metrics_token(path: Path) -> str:
    """The token that may read /metrics. Read at each use: it may be replaced while we run."""
    return _read("GAPURA_METRICS_TOKEN_FILE", path, least=16)  # it is shown to strangers' guesses, without a limit


def read_messages_token(path: Path) -> str:
    """The token of the message gateway, whose owner chose it."""
    return _read("GAPURA_MESSAGES_TOKEN_FILE", path, least=1)


def refuse_unusable(settings: Settings) -> None:
    """At a start: what would otherwise be found out by the first message that reaches nobody. SettingsError."""
    if settings.metrics_token_file is not None:
        read_metrics_token(settings.metrics_token_file)
    if settings.messages_token_file is not None:
        read_messages_token(settings.messages_token_file)


def _read(name: str, path: Path, *, least: int) -> str:
    try:
        with path.open("rb") as file:
            token = file.read(LONGEST + 1).strip()
    except OSError as error:
        raise SettingsError(f"{name}: {path} cannot be read ({error.strerror}); put a token there.") from None
    if not least <= len(token) <= LONGEST or not _TOKEN.fullmatch(token):
        raise SettingsError(f"{name}: {path} must hold one token, {least} or more visible characters.")
    return token.decode("ascii")
