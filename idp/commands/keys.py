"""`gapura keys list|rotate|retire|destroy|compromise`: the signing keys, and what an operator may do to them. What
seals them is in `master_key`.

`rotate` is all that ordinary times need: it publishes the next key, and the worker takes every further step when
it is due. A step that is not due is refused with its date, by hand as by the worker. What one person must not do
alone (early retirement, `compromise`) does not run in production until a second person can confirm it.
"""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from idp import audit, invalidation
from idp.commands import master_key
from idp.commands.answer import FOUND_SOMETHING_WRONG, Answer, CommandError, add_command
from idp.commands.opened import opened, opened_store
from idp.settings import Mode, Settings
from keys import keyring, rotation
from keys.errors import KeysError, KeyUnreadable
from keys.rotation import LANES, Act, Key, Role, State, Step
from keys.sealing import RestSealer

BY_COMMAND = {"by": "command"}
BREAKS = {
    Role.TOKENS: (
        "ID tokens, logout tokens and JWT access tokens that this key signed no longer verify.",
        "Agencies that hold the old JWK Set refuse new tokens until they fetch it again, for up to 15 minutes.",
        "Sealed access tokens, refresh tokens and sessions stay good: end them apart if they are in doubt.",
    ),
    Role.RECEIPTS: ("Receipts that this key signed prove nothing any more: citizens need new ones.",),
    Role.LEDGER: ("Checkpoints that this key signed prove nothing any more: tell every witness before the next.",),
    Role.EVENTS: ("Security events that this key signed are refused by their receivers.",),
}


def add_to(subject: argparse.ArgumentParser) -> None:
    commands = subject.add_subparsers(metavar="COMMAND", required=True)
    add_command(commands, "list", show, "All keys, their states, and what happens to each when.")
    lane = add_command(commands, "rotate", rotate, "Publish the next key of a role; the worker does the rest.")
    lane.add_argument("role", choices=list(Role))
    lane.add_argument("algorithm", choices=sorted({algorithm for _, algorithm in LANES}))
    early = add_command(commands, "retire", retire, "Let a key's successor sign from now on; it must be ready.")
    gone = add_command(commands, "destroy", destroy, "Destroy a retired key's private half, once that is due.")
    broken = add_command(commands, "compromise", compromise, "Break glass: what this key signed is void.")
    for parser in (early, gone, broken):
        parser.add_argument("kid")
    broken.add_argument("--confirm", action="store_true", help="do it; without this, only say what it would break")
    master_key.add_to(commands)


def show(_asked: argparse.Namespace) -> Answer:
    """Exit 3 where the master key at hand is not the one that the keys were sealed under."""
    with opened("gapura_web") as (settings, database), database.reading() as db:
        keys = keyring.list_keys(db)
        store = opened_store(settings)
        opens = _opens(db, store.rest_sealer())
    coming = rotation.coming(keys)
    rows = [_row(key, next((step for step in coming if _concerns(step, key)), None)) for key in keys]
    lines = [
        f"{row['kid']}  {row['role']:<9} {row['algorithm']:<6} {row['state']:<11} {row['next'] or ''}".rstrip()
        for row in rows
    ]
    verdict = "opens them" if opens else "does NOT open them: find the key store that they were sealed under"
    lines.append(f"The master key with fingerprint {store.fingerprint} {verdict}.")
    lines.append(master_key.line(store))
    data = {"keys": rows, "master_key_fingerprint": store.fingerprint, "master_key_opens": opens}
    data |= master_key.shown(store)
    return Answer(data, lines, 0 if opens else FOUND_SOMETHING_WRONG)


def rotate(asked: argparse.Namespace) -> Answer:
    def act(settings: Settings, db: Session, now: datetime) -> Answer:
        kid = keyring.publish(db, opened_store(settings).rest_sealer(), asked.role, asked.algorithm, now)
        signs_at = now + rotation.PUBLISHED_BEFORE_SIGNING
        return Answer(
            {"kid": kid, "signs_at": signs_at},
            [f"Published {kid}; the worker lets it sign from {_shown(signs_at)}."],
        )

    return _change("key.published", f"{asked.role}/{asked.algorithm}", act)


def retire(asked: argparse.Namespace) -> Answer:
    def act(settings: Settings, db: Session, now: datetime) -> Answer:
        _refuse_alone(settings, "Early retirement")
        successor = keyring.retire(db, asked.kid, now)
        return Answer({"kid": asked.kid, "successor": successor}, [f"Retired {asked.kid}; {successor} signs."])

    return _change("key.retired", asked.kid, act)


def destroy(asked: argparse.Namespace) -> Answer:
    def act(_settings: Settings, db: Session, now: datetime) -> Answer:
        keyring.destroy(db, asked.kid, now)
        return Answer({"kid": asked.kid}, [f"Destroyed the private half of {asked.kid}; its public half stays."])

    return _change("key.destroyed", asked.kid, act)


def compromise(asked: argparse.Namespace) -> Answer:
    if not asked.confirm:
        return _would_break(asked.kid)

    def act(settings: Settings, db: Session, now: datetime) -> Answer:
        _refuse_alone(settings, "A compromise")
        instead = keyring.compromise(db, opened_store(settings).rest_sealer(), asked.kid, now)
        breaks = _breaks(db, asked.kid)
        done = f"{asked.kid} is compromised; {f'{instead} signs instead' if instead else 'it was not signing'}."
        return Answer({"kid": asked.kid, "signs_instead": instead, "breaks": breaks}, [done, *breaks])

    return _change("key.compromised", asked.kid, act)


def _would_break(kid: str) -> Answer:
    with opened("gapura_web") as (_, database), database.reading() as db:
        breaks = _breaks(db, kid)
    return Answer({"kid": kid, "breaks": breaks}, ["Nothing was done. Repeated with --confirm:", *breaks], code=1)


def _breaks(db: Session, kid: str) -> list[str]:
    roles = [key.role for key in keyring.list_keys(db) if key.kid == kid]
    if not roles:
        raise CommandError(f"There is no key {kid}.")
    return list(BREAKS[roles[0]])


def _change(action: str, object_id: str, act: Callable[[Settings, Session, datetime], Answer]) -> Answer:
    """One act in one transaction at the database's time, with its entry in the trail; a refusal leaves one too."""
    with opened("gapura_worker") as (settings, database):
        try:
            with database.writing() as db:
                answer = act(settings, db, db.scalars(select(func.now())).one())
                audit.record(db, action=action, object_id=answer.data["kid"], outcome="done", detail=BY_COMMAND)
                invalidation.bump(db)
                return answer
        except (KeysError, CommandError) as refusal:
            with database.writing() as db:
                audit.record(db, action=action, object_id=object_id, outcome="refused", detail=BY_COMMAND)
            raise CommandError(_sentence(str(refusal))) from refusal


def _opens(db: Session, rest_sealer: RestSealer) -> bool:
    try:
        keyring.load(db, rest_sealer)
    except KeyUnreadable:
        return False
    return True


def _refuse_alone(settings: Settings, what: str) -> None:
    if settings.mode is Mode.PRODUCTION:
        raise CommandError(f"{what} needs a second person, and none can confirm here yet: demo and sandbox only.")


def _concerns(step: Step, key: Key) -> bool:
    if step.act is Act.PUBLISH:
        return key.state is State.SIGNING and (step.role, step.algorithm) == (key.role, key.algorithm)
    return step.kid == key.kid


def _row(key: Key, step: Step | None) -> dict[str, str | datetime | None]:
    words = {
        Act.PUBLISH: "successor published from",
        Act.START_SIGNING: "signs from",
        Act.DESTROY: "destroyed from",
    }
    return {
        "kid": key.kid,
        "role": key.role,
        "algorithm": key.algorithm,
        "state": key.state,
        "published_at": key.published_at,
        "signing_at": key.signing_at,
        "retired_at": key.retired_at,
        "next": f"{words[step.act]} {_shown(step.at)}" if step else None,
        "next_at": step.at if step else None,
    }


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
