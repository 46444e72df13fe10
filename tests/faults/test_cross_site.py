"""Nothing is done for another site: each form there is, posted as a stranger's page would have a browser post it,
and with the token of somebody else, changes nothing. And the cookies of which a browser thinks so.

Seen to fail: with `validate` left out of one door (notifications, the password, `_own_form` of the security page);
with the question whose page sent it left out of the form token's; with `SameSite` left out of the session cookie.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest

from idp.app import create_flask
from idp.gate import Gate
from tests import local_http
from tests.people import PASSWORD, Person, a_person, enter
from tests.running import Running
from tests.sample_client import Browser, consent, log_in

MACHINES = re.compile(r"/(token|userinfo|introspect|revoke|authorize)$")
CROSS_SITE = {"Origin": "https://jahat.example", "Sec-Fetch-Site": "cross-site"}
# An app that is being set up is a secret that its page shows, and worth nothing until its code confirms it.
STATE = """
SELECT (SELECT md5(string_agg(s::text, '|' ORDER BY s.session_id)) FROM
          (SELECT session_id, secret_digest, ended_at, aal FROM idp.sessions WHERE citizen_id = %(id)s) AS s),
       (SELECT md5(string_agg(c::text, '|' ORDER BY c.consent_id)) FROM consent.consents AS c
         WHERE c.citizen_id = %(id)s),
       (SELECT set_at FROM idp.passwords WHERE citizen_id = %(id)s),
       (SELECT md5(string_agg(t::text, '|' ORDER BY t.totp_id)) FROM idp.totp_secrets AS t
         WHERE t.citizen_id = %(id)s AND t.confirmed_at IS NOT NULL),
       (SELECT md5(string_agg(r::text, '|' ORDER BY r.code_digest)) FROM idp.recovery_codes AS r
         WHERE r.citizen_id = %(id)s),
       (SELECT md5(string_agg(n::text, '|' ORDER BY n.notification_id)) FROM idp.notifications AS n
         WHERE n.citizen_id = %(id)s),
       (SELECT md5(string_agg(v::text, '|' ORDER BY v.recovery_id)) FROM idp.recoveries AS v
         WHERE v.citizen_id = %(id)s),
       (SELECT count(*) FROM consent.receipts AS e WHERE e.citizen_id = %(id)s)
"""


@pytest.fixture(scope="module")
def victim(running: Running, gate: Gate) -> tuple[Person, Browser]:
    """Signed in a moment ago, with a paused consent, an app, printed codes, unread messages, an act without its
    receipt and a recovery under way: what a form can change is there to be changed."""
    person = a_person(gate, app=True, codes=True)
    browser, _ = enter(running, person)
    consent(browser, browser.get(running.client().visit("openid profile").url))
    running.rows(
        "UPDATE consent.consents SET paused_at = now() WHERE citizen_id = %(id)s RETURNING 1", id=person.citizen_id
    )
    running.rows("DELETE FROM consent.receipts WHERE citizen_id = %(id)s RETURNING 1", id=person.citizen_id)
    elsewhere = running.browser()
    page = elsewhere.get("/recovery")
    page = elsewhere.submit(page, page.form("cause"), cause="forgot_password", identifier=person.nik)
    page = elsewhere.submit(page, page.form("proofs"), proofs=["recovery_code", "email"])
    assert elsewhere.submit(page, page.form("code"), code=person.codes[0]).url.endswith("/recovery/message")
    return person, browser


def forms_of(running: Running, gate: Gate, person: Person) -> list[str]:
    """Every address that a form of ours is posted to, with this citizen's own ids in it."""
    consent_id, session_id, record_id = running.rows(
        "SELECT (SELECT consent_id FROM consent.consents WHERE citizen_id = %(id)s LIMIT 1),"
        " (SELECT session_id FROM idp.sessions WHERE citizen_id = %(id)s AND ended_at IS NULL LIMIT 1),"
        " (SELECT record_id FROM consent.records WHERE citizen_id = %(id)s LIMIT 1)",
        id=person.citizen_id,
    )[0]
    filled = {"consent_id": consent_id, "session_id": session_id, "record_id": record_id,
              "code": "dinkes-sukamaju", "name": "gender", "totp_id": uuid4(),
              "handle": "x", "path": "x"}  # fmt: skip
    rules = [rule for rule in create_flask(gate).url_map.iter_rules() if "POST" in (rule.methods or ())]
    paths = [re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda found: str(filled[found[1]]), rule.rule) for rule in rules]
    return sorted(path for path in paths if not MACHINES.search(path))


def post(running: Running, path: str, cookies: dict[str, str], **headers: str) -> httpx.Response:
    """With the right password, so that nothing but the form's own guard refuses it."""
    fields = {"decision": "allow", "identifier": "x", "password": PASSWORD, "code": "123456",
              "new_password": "kata sandi yang lain ini", "csrf_token": headers.pop("token", "")}  # fmt: skip
    sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Accept": "text/html"}
    return local_http.post(
        running.issuer + path, content=urlencode(fields),
        headers=sent | headers | {"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip


def token_of(browser: Browser, path: str) -> str:
    return next(form.fields["csrf_token"][0] for form in browser.get(path).forms if "csrf_token" in form.fields)


def test_no_form_is_acted_upon_for_another_site_or_with_the_token_of_another(
    running: Running, gate: Gate, victim: tuple[Person, Browser]
) -> None:
    """(row 74, row 75) Every form's address, of the finished house: a new one is tried as soon as it is there."""
    person, browser = victim
    stranger = enter(running, a_person(gate))[0]
    own, strangers = token_of(browser, "/logout"), token_of(stranger, "/logout")
    before, paths = running.rows(STATE, id=person.citizen_id), forms_of(running, gate, person)
    assert len(paths) > 25
    for path in paths:
        for how in ({}, {"token": strangers}, {"token": own} | CROSS_SITE, CROSS_SITE):
            answer = post(running, path, dict(browser.cookies), **how)
            assert answer.status_code < 500, (path, how)
            assert running.rows(STATE, id=person.citizen_id) == before, (path, how)
    post(running, "/notifications/read", dict(browser.cookies), token=own, Origin=running.issuer)
    assert running.rows(STATE, id=person.citizen_id) != before, "by the citizen's own form it is done"


def test_what_a_get_shows_it_does_not_do(running: Running, gate: Gate, victim: tuple[Person, Browser]) -> None:
    """(row 74) Nor does HEAD."""
    person, browser = victim
    before = running.rows(STATE, id=person.citizen_id)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    for path in forms_of(running, gate, person):
        for method in ("GET", "HEAD"):
            answer = local_http.request(
                method, f"{running.issuer}{path}?decision=allow&code=123456", headers={"Cookie": cookies}
            )
            assert answer.status_code < 500
            assert running.rows(STATE, id=person.citizen_id) == before, (path, method)


def cookies_set(running: Running, gate: Gate) -> Iterator[str]:
    """Every `Set-Cookie` line of a sign-in with two factors, a recovery, an activation and a sign-out."""
    lines = list[str]()

    class Watching(Browser):
        def _keep(self, line: str) -> None:
            lines.append(line)
            super()._keep(line)

    person = a_person(gate, app=True)
    browser = Watching(running.issuer, {"Accept-Language": "id"})
    log_in(browser, browser.get("/login?onward=/security&ui_locales=en"), person.as_told())
    page = browser.get("/logout")
    browser.submit(page, page.form("csrf_token"))
    page = browser.get("/recovery")
    browser.submit(page, page.form("cause", "identifier"), cause="forgot_password", identifier=person.nik)
    yield from lines


def test_every_cookie_is_bound_to_our_host_and_stays_out_of_scripts_and_other_sites(
    running: Running, gate: Gate
) -> None:
    """(row 71)"""
    seen = set[str]()
    for line in cookies_set(running, gate):
        name, *attributes = (part.strip().lower() for part in line.split(";"))
        assert name.startswith("__host-gapura"), line
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= set(attributes), line
        assert not any(one.startswith("domain") for one in attributes), line
        seen.add(name.partition("=")[0])
    assert {"__host-gapura", "__host-gapura-browser", "__host-gapura-known", "__host-gapura-proved"} <= seen
    assert "__host-gapura-recovery" in seen
