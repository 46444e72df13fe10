"""The table "act → what ends" (DESIGN §4), each cell over HTTP: a citizen with a session, a code, tokens that hang
on the session, tokens that outlive it, and a consent; then one act; then what still works, and who was told.

Not here: a change of password and a recovery, whose pages end the same function's way.
"""

import time
from collections.abc import Callable, Iterator

import pytest

from idp.gate import Gate
from idp.revocation import account
from idp.revocation.account import Change
from tests.clients.programs import register
from tests.conformance.test_jwks_uri import MACHINE
from tests.faults.standing import Standing, Told, a_standing, an_application
from tests.running import Running
from tests.sample_client import SampleClient
from tests.served import served

ALL = {"session", "silent", "access", "offline access", "refresh", "offline refresh", "code"}
BOUND = {"session", "silent", "access", "refresh", "code"}
SOON, NEVER = 15.0, 1.5  # seconds: within these an application is told; after those it is not


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def client(running: Running, told: Told) -> Iterator[SampleClient]:
    running.command(
        "agencies", "add", "uji-akhir", "--name", "Dinas Uji", "--dpo-contact", "dpo@uji-akhir.example"
    )
    with served(told.answer) as home:
        yield an_application(running, home, agency="uji-akhir")


@pytest.fixture
def standing(running: Running, gate: Gate, client: SampleClient, told: Told) -> Standing:
    standing = a_standing(running, gate, client)
    told.subject = standing.bound.claims["sub"]
    return standing


def still(standing: Standing) -> set[str]:
    return {name for name, works in standing.works().items() if works}


def test_nothing_ends_by_itself(standing: Standing) -> None:
    assert still(standing) == ALL
    assert standing.consent() == "version 2"


def test_signing_out(standing: Standing, told: Told) -> None:
    """(row 51, row 96)"""
    standing.press("/logout", "logout-confirm")
    assert still(standing) == ALL - BOUND
    assert standing.consent() == "version 2"
    assert told.is_told(SOON)


def test_ending_this_device_from_another(running: Running, standing: Standing, told: Told) -> None:
    """(row 96)"""
    other = Standing(**vars(standing) | {"browser": running.browser()})
    other.again()
    page = other.browser.get("/security")
    (form,) = [form for form in page.forms if "/security/sessions/" in form.action and "others" not in form.action]
    other.browser.submit(page, form)
    assert still(standing) == ALL - BOUND
    assert other.signed_in()
    assert told.is_told(SOON)


def test_an_operator_signs_a_citizen_out_everywhere(running: Running, standing: Standing, told: Told) -> None:
    """(row 96)"""
    answer = running.command("accounts", "sign-out", str(standing.citizen_id))
    assert answer["sessions"] >= 1
    assert still(standing) == ALL - BOUND
    assert standing.consent() == "version 2"
    assert told.is_told(SOON)
    assert running.command("accounts", "sign-out", str(standing.citizen_id))["sessions"] == 0


def test_the_absolute_end_of_a_session(running: Running, standing: Standing) -> None:
    """(row 95)"""
    over = "UPDATE idp.sessions SET expires_at = now() WHERE citizen_id = %(citizen_id)s RETURNING 1"
    running.rows(over, citizen_id=standing.citizen_id)
    assert still(standing) == ALL - BOUND
    assert standing.consent() == "version 2"


def test_the_idle_end_of_a_session(running: Running, standing: Standing) -> None:
    """(row 95) Seen to fail: with what rests on the session asking for its absolute end alone."""
    idle = (
        "UPDATE idp.sessions SET seen_at = now() - interval '31 d' WHERE citizen_id = %(citizen_id)s RETURNING 1"
    )
    running.rows(idle, citizen_id=standing.citizen_id)
    assert still(standing) == ALL - BOUND
    assert standing.consent() == "version 2"


@pytest.mark.long
@pytest.mark.parametrize("column", ["expires_at", "seen_at"])
def test_who_took_part_is_told_of_an_end_that_nobody_pressed(
    running: Running, standing: Standing, told: Told, column: str
) -> None:
    """(row 95) The worker writes these ends down each minute."""
    over = (
        f"UPDATE idp.sessions SET {column} = now() - interval '31 d' WHERE citizen_id = %(citizen_id)s RETURNING 1"
    )
    running.rows(over, citizen_id=standing.citizen_id)
    assert told.is_told(75)
    assert still(standing) == ALL - BOUND


def revoke(standing: Standing, token: str) -> None:
    client = standing.client
    answer = client.http.post(
        client.metadata["revocation_endpoint"], data={"token": token}, auth=(client.client_id, str(client.secret))
    )
    assert answer.status_code == 200


def test_revoking_an_access_token(standing: Standing, told: Told) -> None:
    """(C024)"""
    revoke(standing, standing.bound.access_token)
    assert still(standing) == ALL - {"access"}
    assert not told.is_told(NEVER)


def test_revoking_a_refresh_token(standing: Standing, told: Told) -> None:
    """(C024)"""
    revoke(standing, standing.offline.answer["refresh_token"])
    assert still(standing) == ALL - {"offline access", "offline refresh"}
    assert not told.is_told(NEVER)


def test_a_code_used_again(running: Running, standing: Standing, told: Told) -> None:
    """(row 15, C019) The citizen hears of it once, however often it comes."""
    visit, code = standing.code
    given = standing.client.redeem(visit, code).json()
    for _ in range(3):
        assert standing.client.redeem(visit, code).status_code == 400
    assert standing.client.userinfo(given["access_token"]).status_code == 401
    assert standing.client.token(
        {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    ).status_code == 400  # fmt: skip
    assert still(standing) == ALL - {"code"}
    assert (
        standing.browser.get("/notifications").html.count(
            "dipakai dua kali. Masuk lagi di sana bila perlu.</strong>"
        )
        == 1
    )
    assert not told.is_told(NEVER)
    assert audited(running, standing, "token.code_replayed") == 4, "each time, the last one included"


def test_a_refresh_token_used_again_after_its_grace(running: Running, standing: Standing) -> None:
    """(row 49)"""
    first = standing.offline
    assert standing.refreshes(first)
    running.rows(
        "UPDATE idp.refresh_families SET rotated_at = rotated_at - interval '61 s',"
        "       rotated_before_at = rotated_before_at - interval '61 s'"
        " WHERE citizen_id = %(citizen_id)s AND session_id IS NULL RETURNING 1",
        citizen_id=standing.citizen_id,
    )
    assert not standing.refreshes(first)
    assert still(standing) == ALL - {"offline access", "offline refresh"}
    assert (
        standing.browser.get("/notifications").html.count(
            "dipakai dua kali. Masuk lagi di sana bila perlu.</strong>"
        )
        == 1
    )
    assert audited(running, standing, "token.refresh_reused") == 1


def audited(running: Running, standing: Standing, action: str) -> int:
    ((count,),) = running.rows(
        "SELECT count(*) FROM idp.audit_events AS e JOIN idp.clients AS c ON c.client_no = e.actor_no"
        " WHERE e.action = %(action)s AND c.client_id = %(client_id)s AND e.object_id = ANY"
        "       (SELECT code_id::text FROM idp.redeemed_codes WHERE citizen_id = %(citizen_id)s)",
        action=action, client_id=standing.client.client_id, citizen_id=standing.citizen_id,
    )  # fmt: skip
    return int(count)


def test_taking_one_attribute_back(standing: Standing, told: Told) -> None:
    """(C039, row 52) Everything answers without it; nothing ends."""
    assert "email" in standing.client.userinfo(standing.bound.access_token).json()
    standing.press(f"/consents/{standing.consent_id()}/attributes/email/withdraw", "withdraw-confirm")
    assert "email" not in standing.client.userinfo(standing.bound.access_token).json()
    given = standing.client.redeem(*standing.code).json()
    assert "email" not in given["scope"].split()
    assert "email" not in standing.client.userinfo(given["access_token"]).json()
    form = {"grant_type": "refresh_token", "refresh_token": standing.offline.answer["refresh_token"]}
    assert "email" not in standing.client.token(form).json()["scope"].split()
    assert still(standing) == ALL - {"code"}
    assert standing.consent() == "version 3"
    assert not told.is_told(NEVER)


def test_withdrawing_the_whole(standing: Standing, told: Told) -> None:
    """(row 51, row 52, C038)"""
    standing.press(f"/consents/{standing.consent_id()}/withdraw", "withdraw-confirm")
    assert still(standing) == {"session"}
    assert standing.consent() == "ended"
    assert told.is_told(SOON)


def test_running_out(running: Running, standing: Standing) -> None:
    """(C047)"""
    over = "UPDATE consent.consents SET expires_at = now() WHERE citizen_id = %(citizen_id)s RETURNING 1"
    running.rows(over, citizen_id=standing.citizen_id)
    assert still(standing) == {"session"}
    assert standing.consent() == "ended"


def test_a_changed_authenticator(gate: Gate, running: Running, standing: Standing, told: Told) -> None:
    """(row 51) The session that changed it stays, with what hangs on it; every family ends."""
    other = Standing(**vars(standing) | {"browser": running.browser()})
    fresh = other.again()
    ((kept_id,),) = running.rows(
        "SELECT session_id FROM idp.sessions WHERE citizen_id = %(citizen_id)s ORDER BY started_at DESC LIMIT 1",
        citizen_id=standing.citizen_id,
    )
    with gate.database.writing() as db:
        account.credential_changed(db, standing.citizen_id, kept_id, Change.PASSWORD)
    assert still(standing) == set()
    assert other.signed_in()
    assert other.reads(fresh)
    assert not other.refreshes(fresh)
    assert standing.consent() == "version 2"
    assert told.is_told(SOON)


def test_a_recovery(gate: Gate, standing: Standing, told: Told) -> None:
    """(row 91)"""
    with gate.database.writing() as db:
        account.credential_changed(db, standing.citizen_id, None, Change.RECOVERED)
    assert still(standing) == set()
    assert standing.consent() == "version 2"
    assert told.is_told(SOON)


@pytest.mark.parametrize("of", ["clients", "agencies"])
def test_a_client_or_its_agency_suspended(running: Running, standing: Standing, told: Told, of: str) -> None:
    """(C026, C048, row 51, row 115) Lifted, consent and families work again; what was issued before does not."""
    name = standing.client.client_id if of == "clients" else "uji-akhir"
    visit = standing.client.visit("openid profile")
    later = visit, standing.client.code(visit, standing.browser.get(visit.url))
    running.command(of, "suspend", name)
    try:
        assert still(standing) == {"session"}
        assert standing.consent() == "version 2"
        eventually(lambda: paused(standing))
    finally:
        running.command(of, "resume", name)
    eventually(lambda: standing.refreshes(standing.bound))
    eventually(lambda: not paused(standing))
    assert standing.client.redeem(*later).status_code == 400, "a code of before"
    works_again = {name for name, works in standing.works().items() if works}
    assert works_again == {"session", "silent", "refresh", "offline refresh"}
    assert standing.client.userinfo(standing.again().access_token).status_code == 200
    assert not told.is_told(NEVER)
    gap = detail(standing).partition('id="riwayat"')[2].split("Layanan berjalan lagi")
    assert [part.count("Layanan dihentikan sementara") for part in gap] == [0, 1], "the newest first"
    assert [part.count(">Izin diberikan</th>") for part in gap] == [0, 1]


@pytest.mark.parametrize("of", ["clients", "agencies"])
def test_what_is_taken_back_while_the_client_is_suspended_does_not_come_back_with_it(
    running: Running, standing: Standing, of: str
) -> None:
    """(C048) Nor can anything be given meanwhile."""
    name = standing.client.client_id if of == "clients" else "uji-akhir"
    running.command(of, "suspend", name)
    try:
        visit = standing.client.visit("openid", prompt="consent").url
        eventually(lambda: standing.browser.get(visit).errors == ["application_suspended"])
        standing.press(f"/consents/{standing.consent_id()}/withdraw", "withdraw-confirm")
        assert standing.consent() == "ended"
    finally:
        running.command(of, "resume", name)
    eventually(lambda: not standing.browser.get(visit).errors)
    assert still(standing) == {"session"}
    assert standing.consent() == "ended"
    assert "Layanan berjalan lagi" not in detail(standing), "it went on without this consent"


def paused(standing: Standing) -> bool:
    return "Layanan dihentikan sementara" in detail(standing).partition('id="riwayat"')[0]


def detail(standing: Standing) -> str:
    page = standing.browser.get(f"/consents/{standing.consent_id()}")
    assert page.status == 200
    return page.html


def eventually(holds: Callable[[], bool]) -> None:
    """Within a second every process knows a client's new state (row 115)."""
    ends = time.monotonic() + 3
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_an_account_suspended(running: Running, standing: Standing, told: Told) -> None:
    """(C026, row 51, row 97) Resumed, the consent is in force as it was; nothing that was issued before is."""
    running.command("accounts", "suspend", str(standing.citizen_id))
    assert still(standing) == set()
    assert standing.consent() == "version 2"
    assert told.is_told(SOON)
    running.command("accounts", "resume", str(standing.citizen_id))
    assert still(standing) == set()
    assert standing.client.userinfo(standing.again().access_token).status_code == 200
    assert standing.consent() == "version 2"


def test_an_account_closed(running: Running, standing: Standing, told: Told) -> None:
    """(C026, row 97)"""
    running.command("accounts", "close", str(standing.citizen_id))
    assert still(standing) == set()
    assert standing.consent() == "ended"
    assert told.is_told(SOON)


@pytest.fixture(scope="module")
def machine(running: Running, client: SampleClient) -> SampleClient:
    more = MACHINE | {"agency": "uji-akhir", "token_endpoint_auth_method": "client_secret_basic"}
    added = register(running, "", "", "machine", more)
    return SampleClient(running.issuer, {
        "client_id": added["CLIENT_ID"], "client_secret": added["CLIENT_SECRET"], "redirect_uris": [""],
    })  # fmt: skip


def own_token(machine: SampleClient) -> str:
    answer = machine.token({"grant_type": "client_credentials"})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def is_active(machine: SampleClient, token: str) -> bool:
    asked = machine.http.post(
        machine.metadata["introspection_endpoint"], data={"token": token},
        auth=(machine.client_id, str(machine.secret)),
    )  # fmt: skip
    return asked.status_code == 200 and bool(asked.json()["active"])


def test_a_machines_own_token_is_revoked_alone(machine: SampleClient, client: SampleClient) -> None:
    """(C024)"""
    tokens = [own_token(machine) for _ in range(2)]
    refused = client.http.post(
        client.metadata["revocation_endpoint"],
        data={"token": tokens[0]},
        auth=(client.client_id, str(client.secret)),
    )
    assert refused.json()["error"] == "invalid_grant"
    assert [is_active(machine, token) for token in tokens] == [True, True]
    revoked = machine.http.post(
        machine.metadata["revocation_endpoint"], data={"token": tokens[0]},
        auth=(machine.client_id, str(machine.secret)),
    )  # fmt: skip
    assert (revoked.status_code, revoked.content) == (200, b"")
    assert [is_active(machine, token) for token in tokens] == [False, True]


@pytest.mark.parametrize("of", ["clients", "agencies"])
def test_a_machines_own_tokens_end_with_its_suspension(running: Running, machine: SampleClient, of: str) -> None:
    """(C026, row 115)"""
    token, name = own_token(machine), machine.client_id if of == "clients" else "uji-akhir"
    running.command(of, "suspend", name)
    try:
        assert not is_active(machine, token)
        eventually(lambda: machine.token({"grant_type": "client_credentials"}).status_code == 401)
    finally:
        running.command(of, "resume", name)
    eventually(lambda: machine.token({"grant_type": "client_credentials"}).status_code == 200)
    assert not is_active(machine, token)
    assert is_active(machine, own_token(machine))
