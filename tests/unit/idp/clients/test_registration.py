"""A client's life: registered, changed, live, suspended, closed, and its secrets."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent import agreements, attributes, purposes
from idp.clients import agencies, registration
from idp.clients.metadata import Refused
from idp.clients.models import Client
from idp.clients.registration import Registered
from keys import handles

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
AGREEMENT = {
    "purpose": "clinic-queue",
    "required": ["name"],
    "optional": ["email"],
    "law": [],
    "retention_days": 365,
    "if_refused": "Loket tetap melayani Anda.",
}
RAW: dict[str, Any] = {
    "agency": "dinkes-uji",
    "profile": "standard",
    "client_name": "Antrean",
    "redirect_uris": ["https://antrean.example/cb"],
    "scope": "openid profile email",
    "id_token_signed_response_alg": "ES256",
    "initiate_login_uri": "https://antrean.example/login",
    "sign_in_agreement": AGREEMENT,
}


@pytest.fixture(autouse=True)
def agency(db: Session) -> None:
    attributes.ensure(db)
    purposes.ensure(db)
    agencies.register(
        db, code="dinkes-uji", name={"id": "Dinkes", "en": "Health"}, dpo_contact="dpo@uji.example", now=NOW
    )


def added(db: Session, *, rehearsal: bool = True, **members: Any) -> tuple[Client, str | None]:
    outcome = registration.add(db, RAW | members, now=NOW, rehearsal=rehearsal)
    assert isinstance(outcome, Registered), outcome
    client = registration.find(db, outcome.client_id)
    assert client is not None
    return client, outcome.client_secret


def refused(outcome: object) -> set[str]:
    assert isinstance(outcome, Refused), outcome
    return {fault.field for fault in outcome.faults}


def generation(db: Session) -> int:
    return int(db.execute(text("SELECT generation FROM idp.generation")).scalar_one())


def test_a_registered_client_has_every_effective_value_and_a_secret_that_is_kept_as_digest(db: Session) -> None:
    client, secret = added(db)
    assert secret is not None
    assert len(secret) == 43
    assert client.scopes == ["openid", "profile", "email"]
    assert client.rest["initiate_login_uri"] == "https://antrean.example/login"
    assert [one.secret_digest for one in registration.list_secrets(db, client)] == [handles.digest(secret)]
    assert secret not in str(db.execute(text("SELECT to_jsonb(c) FROM idp.clients c")).all())


def test_ids_and_secrets_are_of_characters_that_no_client_percent_encodes(db: Session) -> None:
    """Some clients percent-encode them in Basic and others do not (clients.md §2.4)."""
    client, secret = added(db)
    assert (client.client_id + str(secret)).replace("-", "").replace("_", "").isalnum()


def test_in_a_rehearsal_the_client_works_at_once_and_elsewhere_it_is_a_draft_with_a_proposal(db: Session) -> None:
    client, _ = added(db)
    assert client.state == "sandbox"
    assert [one.state for one in agreements.list_of_client(db, client.client_no)] == ["approved"]
    draft, _ = added(db, rehearsal=False)
    assert draft.state == "draft"
    assert [one.state for one in agreements.list_of_client(db, draft.client_no)] == ["proposed"]


def test_the_agreement_is_read_by_name_and_is_for_sign_in(db: Session) -> None:
    client, _ = added(db)
    known = attributes.load(db)
    (agreement,) = agreements.list_of_client(db, client.client_no)
    assert agreement.for_sign_in
    assert agreement.required_nos == known.numbers(["name"])
    assert agreement.optional_nos == known.numbers(["email"])
    assert agreement.if_refused == {"id": "Loket tetap melayani Anda.", "en": "Loket tetap melayani Anda."}


def test_each_attribute_has_a_reason_its_own_or_the_purposes(db: Session) -> None:
    """No screen asks without saying why (DESIGN §6.9)."""
    client, _ = added(db, sign_in_agreement=AGREEMENT | {"justification": {"name": "Untuk memanggil Anda."}})
    (agreement,) = agreements.list_of_client(db, client.client_no)
    assert agreement.justification == {
        "name": {"id": "Untuk memanggil Anda.", "en": "Untuk memanggil Anda."},
        "email": purposes.load(db).by_code["clinic-queue"].sentence,
    }


@pytest.mark.parametrize("profile", ["standard", "classic", "native"])
def test_whoever_signs_citizens_in_says_what_for(db: Session, profile: str) -> None:
    """(DESIGN §4) Registration requires a sign-in agreement."""
    raw = {name: value for name, value in RAW.items() if name != "sign_in_agreement"} | {"profile": profile}
    assert "sign_in_agreement" in refused(registration.add(db, raw, now=NOW, rehearsal=True))


@pytest.mark.parametrize("code", ["none", "a\x00b", "\ud800", 7, None])
def test_an_agency_that_nobody_has_registered_has_no_applications(db: Session, code: Any) -> None:
    assert refused(registration.add(db, RAW | {"agency": code}, now=NOW, rehearsal=True)) == {"agency"}


def test_everything_wrong_with_metadata_agency_and_agreement_is_said_at_once_and_nothing_is_kept(
    db: Session,
) -> None:
    before = generation(db)
    raw = RAW | {
        "agency": "none",
        "redirect_uris": [],
        "sign_in_agreement": {"purpose": "?", "required": ["soul"]},
    }
    assert refused(registration.add(db, raw, now=NOW, rehearsal=True)) == {
        "agency",
        "redirect_uris",
        "sign_in_agreement.purpose",
        "sign_in_agreement.required",
        "sign_in_agreement.retention_days",
        "sign_in_agreement.if_refused",
    }
    clients = (
        "SELECT count(*) FROM idp.clients JOIN idp.agencies USING (agency_no) WHERE agency_code = 'dinkes-uji'"
    )
    assert db.execute(text(clients)).scalar_one() == 0
    assert generation(db) == before


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"law": ["nik"]}, "sign_in_agreement.law_statute"),
        ({"optional": ["name"]}, "sign_in_agreement.required"),
        ({"required": "name"}, "sign_in_agreement.required"),
        ({"retention_days": 0}, "sign_in_agreement.retention_days"),
        ({"if_refused": {"id": "Loket"}}, "sign_in_agreement.if_refused"),
        ({"justification": ["x"]}, "sign_in_agreement.justification"),
        ({"if_refused": "x" * 301}, "sign_in_agreement.if_refused"),
        ({"if_refused": "Loket \u202ekitni"}, "sign_in_agreement.if_refused"),
        ({"justification": {"name": "a\x00"}}, "sign_in_agreement.justification"),
        ({"automated_decision": True}, "sign_in_agreement.automated_decision"),
        ({"recipients": ["kantor lain"]}, "sign_in_agreement.recipients"),
        ({"justification": {"nik": "x"}}, "sign_in_agreement.justification"),
        ({"justification": {"name": {"id": "x"}}}, "sign_in_agreement.justification"),
    ],
)
def test_an_agreement_that_could_never_be_approved_is_refused_by_member(
    db: Session, members: dict[str, Any], field: str
) -> None:
    raw = RAW | {"sign_in_agreement": AGREEMENT | members}
    assert refused(registration.add(db, raw, now=NOW, rehearsal=True)) == {field}


def test_attributes_by_law_name_their_law(db: Session) -> None:
    terms = AGREEMENT | {"law": ["nik"], "law_statute": "UU 24/2013 Pasal 58 ayat (4)"}
    client, _ = added(db, sign_in_agreement=terms)
    (agreement,) = agreements.list_of_client(db, client.client_no)
    assert agreement.law_nos == attributes.load(db).numbers(["nik"])
    assert agreement.law_statute_no is not None


def test_a_proposed_agreement_is_not_enough_to_go_live(db: Session) -> None:
    client, _ = added(db, rehearsal=False)
    assert refused(registration.go_live(db, client, NOW)) == {"sign_in_agreement"}
    (proposal,) = agreements.list_of_client(db, client.client_no)
    agreements.approve(db, proposal.agreement_no, NOW)
    assert registration.go_live(db, client, NOW) is client
    assert (client.state, client.live_at) == ("live", NOW)


def test_a_machine_goes_live_without_addresses_and_agreement(db: Session) -> None:
    raw = {"agency": "dinkes-uji", "profile": "machine", "client_name": "Mesin"}
    outcome = registration.add(db, raw, now=NOW, rehearsal=True)
    assert isinstance(outcome, Registered)
    client = registration.find(db, outcome.client_id)
    assert client is not None
    assert registration.go_live(db, client, NOW) is client


def test_a_suspension_is_lifted_to_where_the_client_was(db: Session) -> None:
    client, _ = added(db)
    registration.suspend(db, client, NOW)
    assert client.state == "suspended"
    assert refused(registration.go_live(db, client, NOW)) == {"state"}
    registration.resume(db, client, NOW)
    assert client.state == "sandbox"
    registration.go_live(db, client, NOW)
    registration.suspend(db, client, NOW)
    registration.resume(db, client, NOW)
    assert client.state == "live"


def test_a_closed_client_stays_closed_and_has_no_secret(db: Session) -> None:
    client, _ = added(db)
    registration.close(db, client, NOW)
    assert registration.list_secrets(db, client) == []
    for act in (registration.resume, registration.suspend):
        with pytest.raises(ValueError, match="stays closed"):
            act(db, client, NOW)


def test_two_secrets_are_alive_and_the_third_takes_the_oldest_ones_place(db: Session) -> None:
    client, first = added(db)
    second = registration.rotate_secret(db, client, NOW + timedelta(days=1))
    alive = {one.secret_digest for one in registration.list_secrets(db, client)}
    assert alive == {handles.digest(str(first)), handles.digest(second)}
    third = registration.rotate_secret(db, client, NOW + timedelta(days=2))
    alive = {one.secret_digest for one in registration.list_secrets(db, client)}
    assert alive == {handles.digest(second), handles.digest(third)}


def test_the_old_secret_is_dropped(db: Session) -> None:
    client, _ = added(db)
    registration.rotate_secret(db, client, NOW + timedelta(days=1))
    old = registration.list_secrets(db, client)[-1]
    registration.drop_secret(db, client, old.slot)
    assert [one.slot for one in registration.list_secrets(db, client)] == [2]


def test_metadata_is_replaced_as_a_whole(db: Session) -> None:
    client, _ = added(db)
    raw = {"client_name": "Antrean baru", "redirect_uris": ["https://antrean.example/cb2"]}
    assert registration.change(db, client, raw, rehearsal=False) is client
    assert client.name["id"] == "Antrean baru"
    assert client.scopes == ["openid"]
    assert "initiate_login_uri" not in client.rest
    assert client.revision == 2
    assert refused(registration.change(db, client, RAW | {"redirect_uris": []}, rehearsal=False)) == {
        "redirect_uris"
    }
    assert client.redirect_uris == ["https://antrean.example/cb2"]


def test_every_change_moves_the_generation_and_is_audited(db: Session) -> None:
    """Stale caches see a change within a second, and a change of redirect addresses leaves a trace (rows 104,
    115).
    """
    client, _ = added(db)
    acts = [
        lambda: registration.change(db, client, RAW, rehearsal=False),
        lambda: registration.go_live(db, client, NOW),
        lambda: registration.rotate_secret(db, client, NOW),
        lambda: registration.suspend(db, client, NOW),
        lambda: registration.resume(db, client, NOW),
        lambda: registration.close(db, client, NOW),
    ]
    for act in acts:
        before = generation(db)
        act()
        assert generation(db) == before + 1
    trail = db.execute(text("SELECT action FROM idp.audit_events WHERE object_id = :id"), {"id": client.client_id})
    assert set(trail.scalars()) == {
        "client.added", "client.changed", "client.went_live", "client.secret_rotated", "client.suspended",
        "client.resumed", "client.closed",
    }  # fmt: skip
