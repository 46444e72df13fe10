"""The demo's agencies and applications, registered as any are, and moved where the port has changed."""

from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey
from sqlalchemy.orm import Session

from consent import attributes, purposes
from idp.clients import agencies, registration
from idp.clients.metadata import Refused
from idp.clients.models import Client
from idp.demo.country import AGENCIES
from idp.demo.services import APPLICATIONS, Application, known_secret
from idp.settings import Settings

HOLDERS = {
    attributes.CIVIL_REGISTRY: "dukcapil-nusantara",
    attributes.TAX: "pajak-nusantara",
    attributes.HEALTH_INSURANCE: "dinkes-sukamaju",
}


def prepare(db: Session, settings: Settings, now: datetime) -> None:
    """Agencies first: the catalogue of attributes names who holds each."""
    for agency in AGENCIES:
        found = agencies.find(db, agency.code)
        if found is None:
            found = agencies.register(
                db,
                code=agency.code,
                name=agency.name,
                dpo_contact=agency.dpo_contact,
                domains=agency.domains,
                now=now,
            )
            agencies.verify(db, found, now)
    numbers = {holder: agencies.get(db, code).agency_no for holder, code in HOLDERS.items()}
    attributes.ensure(db, numbers)
    purposes.ensure(db)
    for application in APPLICATIONS:
        _register(db, application, settings, now)


def _register(db: Session, application: Application, settings: Settings, now: datetime) -> None:
    raw = metadata(application, settings)
    client = registration.find(db, application.client_id)
    if client is None:
        secret = known_secret(application.client_id)
        given = {
            "agency": application.agency,
            "profile": application.profile,
            "sign_in_agreement": application.agreement,
        }
        _insist(
            registration.add(
                db, raw | given, now=now, rehearsal=True, client_id=application.client_id, client_secret=secret
            )
        )
        client = registration.get(db, application.client_id)
        _insist(registration.go_live(db, client, now))
    elif _differs(client, raw):  # another port than at the last start, or a country that an earlier release made
        _insist(registration.change(db, client, raw, rehearsal=True))


def _differs(client: Client, raw: dict[str, Any]) -> bool:
    kept = {
        "redirect_uris": client.redirect_uris,
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "introspects": client.rest.get("introspects"),
        "scope": " ".join(client.scopes),
        "grant_types": client.rest.get("grant_types"),
    }
    return any(name in raw and raw[name] != value for name, value in kept.items())


def _insist(outcome: object) -> None:
    if isinstance(outcome, Refused):
        raise AssertionError(f"the demo's own metadata is refused: {outcome.faults}")


def metadata(application: Application, settings: Settings) -> dict[str, Any]:
    """RFC 7591 metadata. An application that runs beside the server is reached at its own port."""
    raw: dict[str, Any] = {
        "client_name": application.name["id"],
        "client_name#en": application.name["en"],
        "redirect_uris": [],
    }
    if application.scope:
        raw["scope"] = application.scope
    if application.agreement is not None:
        home = home_of(application, settings)
        raw |= {
            "redirect_uris": [home + application.callback],
            "post_logout_redirect_uris": [f"{home}/"],
            "initiate_login_uri": f"{home}/login",
        }
        if application.told_at is not None:
            raw["backchannel_logout_uri"] = home + application.told_at
    if application.more.get("token_endpoint_auth_method") == "private_key_jwt":
        raw["jwks"] = {"keys": [known_key(application.client_id).as_dict(private=False)]}
    return raw | application.more


def home_of(application: Application, settings: Settings) -> str:
    """Where it runs; one that does not run here is only ever called back by a program of yours at port 9999."""
    port = 9999 if application.port_offset is None else settings.port + application.port_offset
    return f"http://127.0.0.1:{port}"


def known_key(client_id: str) -> ECKey:
    """The same ES256 key at every start."""
    number = int.from_bytes(known_secret(f"{client_id} key").encode()[:31], "big")
    private = ec.derive_private_key(number, ec.SECP256R1())
    return ECKey.import_key(ECKey(private, private).as_dict(private=True) | {"kid": client_id, "alg": "ES256"})


def described(client: Client, application: Application) -> dict[str, Any]:
    """One entry of `clients` in demo.json."""
    secret = known_secret(client.client_id) if client.auth_method.startswith("client_secret") else None
    entry: dict[str, Any] = {
        "client_id": client.client_id,
        "client_secret": secret,
        "token_endpoint_auth_method": client.auth_method,
        "redirect_uris": client.redirect_uris,
        "profile": client.profile,
        "id_token_signed_response_alg": client.id_token_alg,
        "agency": application.agency,
        "name": client.name["id"],
    }
    if client.auth_method == "private_key_jwt":
        entry["private_jwk"] = known_key(client.client_id).as_dict(private=True)
    return entry
