"""Register, change, go live, suspend and close a client; issue and replace its secrets. The only writer of both
tables.

Each act is audited and moves the generation, in the caller's transaction. A secret is 256 random bits, shown once
and kept as SHA-256; two may be alive, so that one can be replaced without a gap. Nothing is deleted but a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from consent.errors import BadAgreement
from idp import audit
from idp.clients import agencies, jwks, metadata, profiles, sign_in_agreements
from idp.clients.metadata import Accepted, Fault, Refused
from idp.clients.models import Client, ClientSecret
from idp.clients.profiles import Profile
from idp.invalidation import bump
from keys import handles

CLIENT_ID_BYTES, SECRET_BYTES = 16, 32


@dataclass(frozen=True, slots=True)
class Registered:
    """A new client. The secret is shown now and never again; None where the client signs with its own key or has
    none.
    """

    client_no: int
    client_id: str
    client_secret: str | None = field(repr=False)


def add(
    db: Session,
    raw: Mapping[str, Any],
    *,
    now: datetime,
    rehearsal: bool,
    client_id: str | None = None,
    client_secret: str | None = None,
    actor_id: UUID | None = None,
) -> Registered | Refused:
    """A client from RFC 7591 metadata and our `agency`, `profile` and `sign_in_agreement`.

    In a rehearsal (demo, sandbox) loopback addresses are open and the agreement is approved at once; elsewhere a
    person reviews it. Id and secret are ours to choose, but for the demo's and the bench's, which must be known
    beforehand.
    """
    profile = _profile(raw)
    agency = agencies.find(db, str(raw.get("agency")))
    accepted = metadata.validate(raw, profile, loopback=rehearsal)
    terms = sign_in_agreements.read(db, raw.get("sign_in_agreement"))
    faults = tuple(fault for one in (accepted, terms) if isinstance(one, Refused) for fault in one.faults)
    if terms is None and profile in profiles.RULES and profiles.of(profile).signs_in:
        faults += (Fault(sign_in_agreements.FIELD, "say what a sign-in asks of citizens, and for which purpose"),)
    if agency is None:
        faults += (Fault("agency", "write the code of a registered agency"),)
    if faults or agency is None or isinstance(accepted, Refused) or isinstance(terms, Refused):
        return Refused(faults)
    client = Client(
        client_id=client_id or _new_client_id(),
        agency_no=agency.agency_no,
        agency_state=agency.state,
        sector_no=agencies.default_sector(db, agency.agency_no).sector_no,
        profile=profile,
        state="sandbox" if rehearsal else "draft",
        created_at=now,
        state_at=now,
        **_columns(accepted),
    )
    try:
        with db.begin_nested():  # a client whose agreement is refused leaves no trace
            db.add(client)
            db.flush()
            if terms is not None:
                sign_in_agreements.propose(db, client, terms, now=now, approve=rehearsal)
    except BadAgreement as refusal:
        return Refused((Fault(sign_in_agreements.FIELD, str(refusal)),))
    secret = _put_secret(db, client, now, client_secret) if accepted.has_secret else None
    _note(db, client, "added", actor_id)
    return Registered(client.client_no, client.client_id, secret)


def change(
    db: Session,
    client: Client,
    raw: Mapping[str, Any],
    *,
    rehearsal: bool,
    actor_id: UUID | None = None,
) -> Client | Refused:
    """Full replacement of the metadata (RFC 7592 §2.2). The profile stays, and secrets while any is used."""
    accepted = metadata.validate(raw, Profile(client.profile), loopback=rehearsal)
    if isinstance(accepted, Refused):
        return accepted
    before = {name: getattr(client, name) for name in _columns(accepted)}
    for name, value in _columns(accepted).items():
        setattr(client, name, value)
    client.revision += 1
    if before["rest"].get("jwks_uri") != client.rest.get("jwks_uri"):
        jwks.forget(db, client.client_no)
    if not accepted.has_secret:
        db.execute(delete(ClientSecret).where(ClientSecret.client_no == client.client_no))
    changed = [name for name, value in before.items() if value != getattr(client, name)]
    _note(db, client, "changed", actor_id, {"members": changed})
    return client


def go_live(db: Session, client: Client, now: datetime, *, actor_id: UUID | None = None) -> Client | Refused:
    """Open it to citizens. Whoever signs citizens in needs an agreement in force and an address to send them back
    to.
    """
    signs_in = profiles.of(Profile(client.profile)).signs_in
    faults = []
    if client.state not in ("draft", "sandbox"):
        faults.append(Fault("state", f"a client that is {client.state} does not go live this way"))
    if signs_in and sign_in_agreements.find_in_force(db, client.client_no) is None:
        faults.append(Fault("sign_in_agreement", "propose one and have it approved first"))
    if signs_in and not client.redirect_uris:
        faults.append(Fault("redirect_uris", "write at least one address to which citizens come back"))
    if faults:
        return Refused(tuple(faults))
    client.live_at = client.live_at or now
    return _move(db, client, "live", "went_live", now, actor_id)


def suspend(db: Session, client: Client, now: datetime, *, actor_id: UUID | None = None) -> Client:
    """From this commit on it receives nothing. What ends with it stands in `idp/revocation/client`."""
    return _move(db, client, "suspended", "suspended", now, actor_id)


def resume(db: Session, client: Client, now: datetime, *, actor_id: UUID | None = None) -> Client:
    """Lift a suspension: back to where it was, live or sandbox. `now`: the database's, which codes and tokens of
    before are compared with."""
    if client.state not in ("suspended", "closed"):
        raise ValueError(f"the client is {client.state}")
    return _move(db, client, "live" if client.live_at else "sandbox", "resumed", now, actor_id)


def begin_anew(db: Session, agency_no: int, now: datetime) -> None:
    """Codes and tokens that an agency's clients got before `now` stay dead (the database's time)."""
    db.execute(update(Client).where(Client.agency_no == agency_no).values(state_at=now))


def close(db: Session, client: Client, now: datetime, *, actor_id: UUID | None = None) -> Client:
    """For good. The row stays: it is the name in the citizens' history."""
    db.execute(delete(ClientSecret).where(ClientSecret.client_no == client.client_no))
    return _move(db, client, "closed", "closed", now, actor_id)


def rotate_secret(db: Session, client: Client, now: datetime, *, actor_id: UUID | None = None) -> str:
    """A new secret beside the newest one; with two alive the older is overwritten. Shown once."""
    secret = _put_secret(db, client, now)
    _note(db, client, "secret_rotated", actor_id)
    return secret


def drop_secret(db: Session, client: Client, slot: int, *, actor_id: UUID | None = None) -> None:
    """The old one, once nobody uses it any more (`used_on`)."""
    db.execute(delete(ClientSecret).where(ClientSecret.client_no == client.client_no, ClientSecret.slot == slot))
    _note(db, client, "secret_dropped", actor_id, {"slot": slot})


def find(db: Session, client_id: str) -> Client | None:
    return db.scalar(select(Client).where(Client.client_id == client_id))


def get(db: Session, client_id: str) -> Client:
    return db.scalars(select(Client).where(Client.client_id == client_id)).one()


def list_secrets(db: Session, client: Client) -> list[ClientSecret]:
    """Slots with their dates; the newest first."""
    found = select(ClientSecret).where(ClientSecret.client_no == client.client_no)
    return list(db.scalars(found.order_by(ClientSecret.created_at.desc(), ClientSecret.slot)))


def _put_secret(db: Session, client: Client, now: datetime, chosen: str | None = None) -> str:
    alive = list_secrets(db, client)
    free = {1, 2} - {secret.slot for secret in alive}
    slot = min(free) if free else alive[-1].slot
    db.execute(delete(ClientSecret).where(ClientSecret.client_no == client.client_no, ClientSecret.slot == slot))
    secret = chosen or handles.new_handle(SECRET_BYTES)
    db.add(
        ClientSecret(client_no=client.client_no, slot=slot, secret_digest=handles.digest(secret), created_at=now)
    )
    db.flush()
    return secret


def _new_client_id() -> str:
    """One that no command line takes for an option."""
    while (client_id := handles.new_handle(CLIENT_ID_BYTES)).startswith("-"):
        pass
    return client_id


def _profile(raw: Mapping[str, Any]) -> Profile:
    """What the table refuses stands for what nobody knows: the one fault says which profiles there are."""
    given = raw.get("profile", Profile.STANDARD)
    return Profile(given) if given in list(Profile) else Profile.FAPI2


def _columns(accepted: Accepted) -> dict[str, Any]:
    return {
        "name": accepted.name,
        "auth_method": accepted.auth_method,
        "redirect_uris": list(accepted.redirect_uris),
        "post_logout_uris": list(accepted.post_logout_uris),
        "scopes": list(accepted.scopes),
        "id_token_alg": accepted.id_token_alg,
        "backchannel_logout_uri": accepted.backchannel_logout_uri,
        "rest": accepted.rest,
    }


def _move(db: Session, client: Client, state: str, deed: str, now: datetime, actor_id: UUID | None) -> Client:
    if client.state == "closed":
        raise ValueError("a closed client stays closed")
    client.state, client.state_at = state, now
    _note(db, client, deed, actor_id)
    return client


def _note(
    db: Session, client: Client, deed: str, actor_id: UUID | None, detail: Mapping[str, Any] | None = None
) -> None:
    db.flush()
    audit.record(
        db,
        action=f"client.{deed}",
        object_id=client.client_id,
        outcome="done",
        actor_id=actor_id,
        detail=detail,
    )
    bump(db)
