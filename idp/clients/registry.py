"""The process's cache of clients, parsed once: what every protocol door looks up before it does anything else.

A value of `idp/invalidation.Cached`, so never older than a second. It is for metadata: whether a client or its
agency is suspended is asked by every statement that lets something out (DESIGN §5), and only shown from here.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from consent import agreements
from consent.agreements import Agreement
from idp.clients import addresses, models, profiles
from idp.clients.addresses import Difference
from idp.clients.profiles import Profile


@dataclass(frozen=True, slots=True)
class Client:
    """One application with its agency, sector and sign-in agreement, as every door sees it."""

    client_no: int
    client_id: str
    agency_no: int
    agency_code: str
    agency_name: dict[str, str]
    agency_state: str
    dpo_contact: str
    sector: str  # its label
    sector_version: int
    profile: Profile
    state: str
    name: dict[str, str]
    auth_method: str
    redirect_uris: frozenset[str]
    redirect_uri_list: tuple[str, ...]
    post_logout_uris: frozenset[str]
    scopes: frozenset[str]
    grant_types: frozenset[str]
    id_token_alg: str
    id_token_claims_scope: bool
    backchannel_logout_uri: str | None
    initiate_login_uri: str | None
    acr_floor: str | None
    metadata: dict[str, Any]
    secret_digests: tuple[
        tuple[int, bytes, datetime | None], ...
    ]  # slot, digest, first instant it no longer counts
    sign_in_agreement: Agreement | None  # the one that is approved now
    created_at: datetime
    live_at: datetime | None
    introspects: frozenset[str]  # client ids about whose tokens it may ask
    jwks: dict[str, Any] | None
    jwks_uri: str | None
    origins: frozenset[str]  # of its redirect addresses: whom CORS answers


@dataclass(frozen=True, slots=True)
class Registry:
    """`origins`: whom CORS answers; `agency_codes`, `agency_names`: of every agency, for holders of attributes;
    `agreements`: those in force, by client and purpose.

    `look_alikes`: what `look_alikes.of` has found, by client and language, as long as this registry stands.
    """

    by_id: dict[str, Client]
    by_no: dict[int, Client]
    origins: frozenset[str]
    agency_codes: dict[int, str]
    agency_names: dict[int, dict[str, str]]
    agreements: dict[tuple[int, int], Agreement]
    look_alikes: dict[tuple[int, str], Client | None] = field(default_factory=dict)


_AGENCIES = select(models.Agency.agency_no, models.Agency.agency_code, models.Agency.name)


def load(db: Session) -> Registry:
    """All clients but the closed ones' secrets; thousands of rows, so three statements and no join by hand."""
    secrets = defaultdict(list)
    for secret in db.scalars(select(models.ClientSecret).order_by(models.ClientSecret.slot)):
        secrets[secret.client_no].append((secret.slot, secret.secret_digest, secret.expires_at))
    agreed = agreements.list_in_force(db)
    sign_in = {one.client_no: one for one in agreed if one.for_sign_in}
    rows = db.execute(
        select(models.Client, models.Agency, models.Sector)
        .join(models.Agency, models.Agency.agency_no == models.Client.agency_no)
        .join(models.Sector, models.Sector.sector_no == models.Client.sector_no)
    )
    agencies = db.execute(_AGENCIES).all()
    clients = [_client(row, secrets[row[0].client_no], sign_in.get(row[0].client_no)) for row in rows]
    return Registry(
        by_id={client.client_id: client for client in clients},
        by_no={client.client_no: client for client in clients},
        origins=frozenset(origin for client in clients for origin in client.origins),
        agency_codes={number: code for number, code, _ in agencies},
        agency_names={number: name for number, _, name in agencies},
        agreements={(one.client_no, one.purpose_no): one for one in agreed},
    )


def _client(
    row: Row[models.Client, models.Agency, models.Sector],
    secrets: Iterable[tuple[int, bytes, datetime | None]],
    sign_in_agreement: Agreement | None,
) -> Client:
    found, agency, sector = row
    rest = found.rest
    origins = {addresses.origin(uri) for uri in found.redirect_uris}
    return Client(
        client_no=found.client_no,
        client_id=found.client_id,
        agency_no=agency.agency_no,
        agency_code=agency.agency_code,
        agency_name=agency.name,
        agency_state=found.agency_state,
        dpo_contact=agency.dpo_contact,
        sector=sector.label,
        sector_version=sector.key_version,
        profile=Profile(found.profile),
        state=found.state,
        name=found.name,
        auth_method=found.auth_method,
        redirect_uris=frozenset(found.redirect_uris),
        redirect_uri_list=tuple(found.redirect_uris),
        post_logout_uris=frozenset(found.post_logout_uris),
        scopes=frozenset(found.scopes),
        grant_types=frozenset(rest.get("grant_types", ())),
        id_token_alg=found.id_token_alg,
        id_token_claims_scope=rest.get("id_token_claims") == "scope",
        backchannel_logout_uri=found.backchannel_logout_uri,
        initiate_login_uri=rest.get("initiate_login_uri"),
        acr_floor=rest.get("acr_floor"),
        metadata=rest,
        secret_digests=tuple(secrets),
        sign_in_agreement=sign_in_agreement,
        created_at=found.created_at,
        live_at=found.live_at,
        introspects=frozenset(rest.get("introspects", ())),
        jwks=rest.get("jwks"),
        jwks_uri=rest.get("jwks_uri"),
        origins=frozenset(origin for origin in origins if origin is not None),
    )


def is_registered(client: Client, sent: str) -> bool:
    """May a request of this client use this redirect address?"""
    free = profiles.of(client.profile).any_loopback_port
    return addresses.is_registered(sent, client.redirect_uris, any_loopback_port=free)


def near_miss(client: Client, sent: str) -> str:
    """What a developer needs to hear about an address that is not registered: the difference, never the list."""
    named = addresses.difference(sent, client.redirect_uri_list)
    if named in (Difference.HOST, Difference.PATH):
        return f"redirect_uri is not registered: {named} differs from every registered address"
    return f"redirect_uri is not registered: only {named} differs from a registered address"
