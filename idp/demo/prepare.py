"""The demo country put in place at a start, and `instance/demo.json`, which tells a test or a newcomer how to use
it.

Safe to run again: what is there stays. The file holds every password and secret of the demo, so it is its owner's
alone.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from idp.clients import registration
from idp.database import Database
from idp.demo import applications, beside, history, newcomer, people, register
from idp.demo.country import CITIZENS
from idp.demo.services import APPLICATIONS, DATA_PROVIDER, known_secret
from idp.settings import Mode, Settings
from keys.pairwise import Pairwise


def prepare(
    database: Database,
    settings: Settings,
    vault: Vault,
    hashing: PasswordHashing,
    pairwise: Pairwise,
    now: datetime,
) -> Path:
    """Everything, in one transaction of the worker's role; then demo.json, whose path is returned."""
    if settings.mode is Mode.PRODUCTION:
        raise AssertionError("the demo country is never prepared in production")
    with database.writing() as db:
        applications.prepare(db, settings, now)
        for citizen, citizen_id in people.prepare(db, vault, hashing, now).items():
            if citizen.has_history:
                history.prepare(db, pairwise, settings.issuer, citizen_id, now)
        letter = newcomer.prepare(db, vault, now)
        held = register.of_citizens(db, vault, pairwise)
        contents = _contents(db, settings)
    if letter is not None:
        newcomer.post(settings, letter, now)
    _write(beside.folder_of(DATA_PROVIDER, settings) / beside.REGISTER, held)
    return _write(settings.instance / "demo.json", contents)


def _contents(db: Session, settings: Settings) -> dict[str, Any]:
    """DESIGN §7: what does not exist yet is an empty list, a single value null, never a missing key."""
    clients = [(registration.get(db, one.client_id), one) for one in APPLICATIONS]
    return {
        "issuer": settings.issuer,
        "citizens": [
            {
                "nik": citizen.nik,
                "email": citizen.email,
                "password": citizen.password,
                "totp_secret": citizen.totp_secret,
                "name": citizen.name,
            }
            for citizen in CITIZENS
        ],
        "clients": [applications.described(client, one) for client, one in clients if one.profile != "machine"],
        "operators": [],
        "agency_members": [],
        "data_providers": [
            {"client_id": client.client_id, "client_secret": known_secret(client.client_id)}
            for client, one in clients
            if one.profile == "machine"
        ],
        "initial_access_token": None,
    }


def _write(path: Path, contents: dict[str, Any]) -> Path:
    """Whole or not at all, and never readable by others, not for an instant."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(contents, file, ensure_ascii=False, indent=1)
        file.write("\n")
    return draft.rename(path)
