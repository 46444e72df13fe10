"""The token, userinfo, introspection and revocation doors as clients and strangers see them: RFC 6749 §4.1.3
and §5, RFC 6750, RFC 7009, RFC 7636 §4.6, RFC 7662, OIDC Core §5.3.
"""

import base64
import hashlib
import time
from typing import Any

import httpx
import pytest
from werkzeug.test import TestResponse

from idp.app import create_flask, hot_doors
from idp.gate import Gate
from idp.tokens import strays
from idp.web.shells import Front
from tests import local_http
from tests.clients.programs import register
from tests.one_process import OneProcess
from tests.running import Running
from tests.sample_client import Browser, SampleClient, Tokens, Visit, sign_in

SCOPE = "openid profile"


@pytest.fixture(scope="module")
def browser(running: Running) -> Browser:
    return running.browser()


@pytest.fixture(scope="module")
def client(running: Running, browser: Browser) -> SampleClient:
    client = running.client()
    sign_in(browser, client, running.citizen(6), scope=SCOPE)
    return client


@pytest.fixture
def code(browser: Browser, client: SampleClient) -> tuple[Visit, str]:
    visit = client.visit(SCOPE)
    return visit, client.code(visit, browser.get(visit.url))


@pytest.fixture
def tokens(running: Running, browser: Browser, client: SampleClient) -> Tokens:
    return sign_in(browser, client, running.citizen(6), scope=SCOPE)


def redeem(client: SampleClient, visit: Visit, sealed: str, **changed: str | None) -> httpx.Response:
    plain: dict[str, str | None] = {
        "grant_type": "authorization_code", "code": sealed, "redirect_uri": client.redirect_uri,
        "code_verifier": visit.verifier,
    } | changed  # fmt: skip
    return client.token({name: value for name, value in plain.items() if value is not None})


def assert_error(answer: httpx.Response, error: str, status: int = 400) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"error", "error_description"}


WRONG: list[tuple[dict[str, str | None], str]] = [
    ({"redirect_uri": None}, "invalid_grant"),
    ({"redirect_uri": "http://127.0.0.1:1/other"}, "invalid_grant"),
    ({"redirect_uri": "{upper}"}, "invalid_grant"),
    ({"redirect_uri": "{slash}"}, "invalid_grant"),
    ({"code_verifier": None}, "invalid_grant"),
    ({"code_verifier": "w" * 43}, "invalid_grant"),
    ({"code_verifier": "w" * 42}, "invalid_grant"),
    ({"code_verifier": "w" * 129}, "invalid_grant"),
    ({"code_verifier": "w" * 42 + "+"}, "invalid_grant"),
    ({"code_verifier": "w" * 42 + "="}, "invalid_grant"),
    ({"code_verifier": "w" * 42 + " "}, "invalid_grant"),
    ({"code_verifier": "w" * 42 + "é"}, "invalid_grant"),
    ({"code": None}, "invalid_request"),
    ({"grant_type": None}, "invalid_request"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "implicit"}, "unsupported_grant_type"),
]


@pytest.mark.parametrize(("changed", "error"), WRONG, ids=[str(row)[:50] for row in WRONG])
def test_what_does_not_fit_the_code_gives_nothing_and_burns_nothing(
    client: SampleClient, code: tuple[Visit, str], changed: dict[str, str | None], error: str
) -> None:
    """(row 17, row 21, C027, C028, C029)"""
    near = {"{upper}": client.redirect_uri.upper(), "{slash}": f"{client.redirect_uri}/"}
    sent = {name: near.get(value or "", value) for name, value in changed.items()}
    assert_error(redeem(client, *code, **sent), error)
    assert redeem(client, *code).status_code == 200, "the code was not burnt by it"


def test_an_address_of_the_same_client_that_the_request_did_not_name_redeems_nothing(
    running: Running, browser: Browser
) -> None:
    """(row 17, C027)"""
    two = ["https://dua.example.go.id/cb", "https://dua.example.go.id/lain"]
    client = registered(running, "https://dua.example.go.id", "standard", redirect_uris=two)
    tokens = sign_in(browser, client, running.citizen(6), scope=SCOPE)
    assert tokens.access_token
    visit = client.visit(SCOPE)
    code = client.code(visit, browser.get(visit.url))
    assert_error(redeem(client, visit, code, redirect_uri=two[1]), "invalid_grant")
    assert redeem(client, visit, code).status_code == 200


def registered(running: Running, home: str, profile: str, **more: Any) -> SampleClient:
    told = register(running, home, "/cb", profile, more)
    return SampleClient(running.issuer, {
        "client_id": told["CLIENT_ID"], "client_secret": told["CLIENT_SECRET"], "redirect_uris": [f"{home}/cb"],
    })  # fmt: skip


@pytest.fixture(scope="module")
def classic(running: Running, browser: Browser, client: SampleClient) -> SampleClient:
    """A profile that may leave PKCE out; the citizen of `browser` has allowed it."""
    classic = registered(running, "https://klasik.example.go.id", "classic")
    sign_in(browser, classic, running.citizen(6), scope=SCOPE)
    return classic


def test_a_challenge_that_was_stripped_on_the_way_is_noticed_by_the_verifier(
    classic: SampleClient, browser: Browser
) -> None:
    """(row 19, C029) The client sent its challenge, somebody took it out, and the code came back bound to none."""
    visit = classic.visit(SCOPE)
    stripped = "&".join(part for part in visit.url.split("&") if not part.startswith("code_challenge"))
    code = classic.code(visit, browser.get(stripped))
    assert_error(redeem(classic, visit, code), "invalid_grant")
    assert redeem(classic, visit, code, code_verifier=None).status_code == 200, "who never sent one needs none"
    code = classic.code(visit, browser.get(visit.url))
    assert_error(redeem(classic, visit, code, code_verifier=None), "invalid_grant")
    assert redeem(classic, visit, code).status_code == 200


@pytest.mark.parametrize("length", [43, 128])
def test_the_shortest_and_the_longest_verifier_fit(client: SampleClient, browser: Browser, length: int) -> None:
    """(C028) And every character that one may have."""
    verifier = ("aA0-._~" * 19)[:length]
    digest = hashlib.sha256(verifier.encode()).digest()
    visit = client.visit(SCOPE, code_challenge=base64.urlsafe_b64encode(digest).rstrip(b"=").decode())
    code = client.code(visit, browser.get(visit.url))
    assert_error(redeem(client, visit, code, code_verifier=("aA0-._~" * 19)[: length + 1]), "invalid_grant")
    assert redeem(client, visit, code, code_verifier=verifier).status_code == 200


@pytest.mark.parametrize("place", [0, 5, 20, -1])
def test_a_changed_code_is_no_code(client: SampleClient, code: tuple[Visit, str], place: int) -> None:
    """(row 22)"""
    visit, sealed = code
    other = "A" if sealed[place] != "A" else "B"
    changed = sealed[:place] + other + (sealed[place + 1 :] if place != -1 else "")
    assert_error(redeem(client, visit, changed), "invalid_grant")


def test_a_code_of_another_client_is_refused_and_its_owner_can_still_use_it(
    running: Running, client: SampleClient, code: tuple[Visit, str]
) -> None:
    """(row 16, C025)"""
    visit, sealed = code
    other = running.client("bantuan-beras")
    answer = other.token({"grant_type": "authorization_code", "code": sealed, "redirect_uri": client.redirect_uri,
                          "code_verifier": visit.verifier})  # fmt: skip
    assert_error(answer, "invalid_grant")
    assert redeem(client, visit, sealed).status_code == 200


def post(client: SampleClient, content: bytes | str, headers: dict[str, str]) -> httpx.Response:
    return local_http.post(client.metadata["token_endpoint"], content=content, headers=headers)


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "kind",
    ["application/json", "multipart/form-data; boundary=x", "text/plain", ""],
    ids=["json", "parts", "text", "none"],
)
def test_a_body_of_another_kind_is_told_so(client: SampleClient, kind: str) -> None:
    """(C031, row 109)"""
    answer = post(client, b'{"grant_type":"authorization_code"}', {"Content-Type": kind} if kind else {})
    assert_error(answer, "invalid_request")
    assert FORM in answer.json()["error_description"]


@pytest.mark.parametrize("kind", [FORM, ""])
def test_an_empty_body_is_told_what_is_missing(client: SampleClient, kind: str) -> None:
    """(C031)"""
    answer = post(client, b"", {"Content-Type": kind} if kind else {})
    assert_error(answer, "invalid_request")
    assert (FORM if not kind else "grant_type") in answer.json()["error_description"]


@pytest.mark.parametrize("kind", [f"{FORM}; charset=UTF-8", f"{FORM};charset=ISO-8859-1", FORM.upper()])
def test_any_charset_and_case_of_the_form_is_read(client: SampleClient, kind: str) -> None:
    """(C031)"""
    assert_error(post(client, b"grant_type=client_credentials", {"Content-Type": kind}), "invalid_client", 401)


@pytest.mark.parametrize("door", ["token", "introspect", "revoke"])
def test_a_secret_in_the_address_is_refused_and_all_else_in_it_is_not_read(
    client: SampleClient, door: str
) -> None:
    """(C031) Whoever passes an address on, or writes it down, has what stands in it."""
    url = f"{client.issuer}/{door}"
    proven = {"client_id": client.client_id, "client_secret": client.secret or ""}
    body = proven | {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
    for name in ("client_secret", "client_assertion", "code", "code_verifier", "refresh_token", "token"):
        for sent in (body, {key: value for key, value in body.items() if key != name}):
            answer = local_http.post(url, params={name: "penanda"}, data=sent)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), name
            assert "penanda" not in answer.text
    plain = local_http.post(url, data=body)
    read = local_http.post(url, params={"client_id": "nobody", "grant_type": "x", "scope": "y"}, data=body)
    assert (read.status_code, read.content) == (plain.status_code, plain.content)
    answer = local_http.post(url, params=proven, data={"token": "x", "grant_type": "refresh_token"})
    assert answer.json()["error"] == "invalid_request", "and who only stands there is not proven"


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"nocolon").decode(), "Basic /w==", "Basic " + "A" * 10_000,
     "Bearer x", "Basic " + base64.b64encode(b"\xff\xfe:x").decode()],
)  # fmt: skip
def test_a_broken_basic_header_is_401_and_never_500(client: SampleClient, header: str) -> None:
    """(row 41, C030)"""
    answer = post(client, b"grant_type=authorization_code&code=x", {"Content-Type": FORM, "Authorization": header})
    assert_error(answer, "invalid_client", 401)
    assert answer.headers["www-authenticate"] == 'Basic realm="gapura"'


def test_a_secret_goes_by_basic_or_post_and_never_both(client: SampleClient) -> None:
    """(row 40, row 42, C032)"""
    pair = base64.b64encode(f"{client.client_id}:{client.secret}".encode()).decode()
    basic = {"Content-Type": FORM, "Authorization": f"Basic {pair}"}
    body = f"grant_type=authorization_code&code=x&client_id={client.client_id}"
    assert_error(post(client, body, basic), "invalid_grant")  # authenticated: a client_id beside Basic is the same
    posted = f"{body}&client_secret={client.secret}"
    assert_error(post(client, posted, {"Content-Type": FORM}), "invalid_grant")
    assert_error(post(client, posted, basic), "invalid_request")
    assert_error(post(client, f"{body}&client_assertion=x", basic), "invalid_request")
    assert_error(post(client, body.replace(client.client_id, "bantuan-beras"), basic), "invalid_client", 401)
    assert_error(post(client, body, {"Content-Type": FORM}), "invalid_client", 401)


def test_a_secret_proves_nobody_who_did_not_register_for_one(running: Running, client: SampleClient) -> None:
    """(row 42, C032) A public client that sends one, and one that signs; nor is anything sent beside it."""
    public, signs = running.client("sim-saya"), "lapor-pajak"
    for client_id in (public.client_id, signs, "nobody"):
        pair = base64.b64encode(f"{client_id}:x".encode()).decode()
        body = f"grant_type=authorization_code&code=x&client_id={client_id}"
        assert_error(post(client, f"{body}&client_secret=x", {"Content-Type": FORM}), "invalid_client", 401)
        assert_error(post(client, body, {"Content-Type": FORM, "Authorization": f"Basic {pair}"}),
                     "invalid_client", 401)  # fmt: skip
        both = f"{body}&client_secret=x&client_assertion=a.b.c"
        assert_error(post(client, both, {"Content-Type": FORM}), "invalid_request")
    named = post(client, f"grant_type=authorization_code&code=x&client_id={signs}", {"Content-Type": FORM})
    assert_error(named, "invalid_client", 401)
    named = post(
        client, f"grant_type=authorization_code&code=x&client_id={public.client_id}", {"Content-Type": FORM}
    )
    assert_error(named, "invalid_grant")


def test_an_unknown_client_and_a_wrong_secret_read_the_same(client: SampleClient) -> None:
    """(row 43)"""

    def told(client_id: str) -> tuple[int, Any]:
        body = f"grant_type=authorization_code&code=x&client_id={client_id}&client_secret=wrong"
        answer = post(client, body, {"Content-Type": FORM})
        return answer.status_code, answer.json()

    assert told(client.client_id) == told("nobody") == (401, told("nobody")[1])


def test_a_doubled_parameter_is_refused(client: SampleClient) -> None:
    """(row 109, C032, C027)"""
    for twice in (b"grant_type=authorization_code&grant_type=refresh_token",
                  b"grant_type=authorization_code&code=x&redirect_uri=y&redirect_uri=y",
                  b"grant_type=authorization_code&code=x&code=x"):  # fmt: skip
        assert_error(post(client, twice, {"Content-Type": FORM}), "invalid_request")


@pytest.mark.parametrize(
    "body", [b"grant_type=%ff", b"grant_type=a%00", b"a=1&" * 5000, b"x" * 70_000, b"%", b"a[]=1"]
)
def test_strange_bytes_are_a_client_error(client: SampleClient, body: bytes) -> None:
    """(row 109)"""
    assert 400 <= post(client, body, {"Content-Type": FORM}).status_code < 500


def test_the_answer_is_plain_and_never_stored(tokens: Tokens) -> None:
    """(row 59, row 60, clients.md)"""
    assert tokens.answer["token_type"] == "Bearer"
    assert tokens.answer["expires_in"] == 300
    assert set(tokens.answer["scope"].split()) == set(SCOPE.split())
    assert {"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"} == set(
        tokens.claims
    )


def test_no_answer_that_tells_something_is_kept(client: SampleClient, code: tuple[Visit, str]) -> None:
    """(row 59) protocol.md §2: by no cache, not even the application's own."""
    given = redeem(client, *code)
    refreshed = client.token({"grant_type": "refresh_token", "refresh_token": given.json()["refresh_token"]})
    token, pair = given.json()["access_token"], (client.client_id, client.secret or "")
    told = client.userinfo(token)
    asked = local_http.post(client.metadata["introspection_endpoint"], data={"token": token}, auth=pair)
    revoked = revoke(client, token)
    for answer in (given, refreshed, told, asked, revoked):
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert given.headers["pragma"] == refreshed.headers["pragma"] == "no-cache"


def userinfo(client: SampleClient, **options: Any) -> httpx.Response:
    return local_http.request(options.pop("method", "GET"), client.metadata["userinfo_endpoint"], **options)


def test_userinfo_without_a_token_is_challenged_without_an_error_code(client: SampleClient) -> None:
    answer = userinfo(client)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="gapura"')


def test_userinfo_takes_the_token_in_one_way(client: SampleClient, tokens: Tokens) -> None:
    """(row 57)"""
    bearer, token = {"Authorization": f"Bearer {tokens.access_token}"}, tokens.access_token
    assert userinfo(client, headers=bearer).status_code == 200
    assert userinfo(client, headers={"Authorization": f"bearer {token}"}).status_code == 200
    assert userinfo(client, method="POST", data={"access_token": token}).status_code == 200
    assert userinfo(client, method="POST", data={"access_token": token}, headers=bearer).status_code == 400
    assert userinfo(client, params={"access_token": token}).status_code == 400
    assert userinfo(client, headers=bearer).status_code == 200, "it is still valid"


def test_other_kinds_are_no_access_token(client: SampleClient, tokens: Tokens, code: tuple[Visit, str]) -> None:
    """(row 38, C059)"""
    for value in (tokens.id_token, tokens.answer["refresh_token"], code[1], "x", "A" * 5000):
        answer = userinfo(client, headers={"Authorization": f"Bearer {value}"})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def introspect(client: SampleClient, token: str, **more: str) -> dict[str, Any]:
    answer = local_http.post(client.metadata["introspection_endpoint"], data={"token": token, **more},
                        auth=(client.client_id, client.secret or ""))  # fmt: skip
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_introspection_answers_its_own_client_and_tells_others_nothing(
    running: Running, client: SampleClient, tokens: Tokens
) -> None:
    """(row 61, C036, C025)"""
    told = introspect(client, tokens.access_token, token_type_hint="refresh_token")
    assert told["active"] is True
    assert told["sub"] == tokens.claims["sub"]
    assert introspect(running.client("bantuan-beras"), tokens.access_token) == {"active": False}
    for value in (tokens.id_token, tokens.answer["refresh_token"], "garbage"):
        assert introspect(client, value) == {"active": False}
    anybody = local_http.post(client.metadata["introspection_endpoint"], data={"token": tokens.access_token})
    assert anybody.status_code == 401


def test_whoever_tries_strings_at_random_is_told_to_wait_and_right_tokens_are_answered(
    running: Running, gate: Gate, client: SampleClient, tokens: Tokens
) -> None:
    """(row 61) At one more process of the running server, so that the others keep their patience."""
    process = OneProcess(Front(gate, hot_doors(gate), create_flask(gate)), running.issuer)

    def asked(token: str, one: SampleClient = client) -> TestResponse:
        form = {"token": token, "client_id": one.client_id, "client_secret": one.secret}
        return process.post("/introspect", data=form)

    assert {asked("junk").status_code for _ in range(strays.AT_ONCE)} == {200}
    over = [asked("junk") for _ in range(20)][-1]
    assert (over.status_code, over.get_json()["error"], int(over.headers["retry-after"])) == (429, "slow_down", 1)
    assert asked(tokens.access_token).get_json()["active"] is True
    assert asked("junk", running.client("bantuan-beras")).get_json() == {"active": False}


def revoke(client: SampleClient, token: str) -> httpx.Response:
    return local_http.post(client.metadata["revocation_endpoint"], data={"token": token},
                      auth=(client.client_id, client.secret or ""))  # fmt: skip


def test_an_access_token_is_revoked_alone(client: SampleClient, tokens: Tokens) -> None:
    """(C024, C036) By a connection each: both processes answer."""
    assert introspect(client, tokens.access_token)["active"] is True
    assert revoke(client, tokens.access_token).status_code == 200
    assert [introspect(client, tokens.access_token) for _ in range(10)] == [{"active": False}] * 10
    assert client.userinfo(tokens.access_token).status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
    assert client.token(form).status_code == 200


def test_a_refresh_token_is_revoked_with_its_family_and_nothing_else(
    running: Running, browser: Browser, client: SampleClient, tokens: Tokens
) -> None:
    """(C024)"""
    other = sign_in(browser, client, running.citizen(6), scope=SCOPE)
    assert revoke(client, tokens.answer["refresh_token"]).status_code == 200
    form = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
    assert_error(client.token(form), "invalid_grant")
    assert client.userinfo(tokens.access_token).status_code == 401
    assert client.userinfo(other.access_token).status_code == 200


def test_what_is_not_this_clients_is_refused_and_garbage_is_done(
    running: Running, client: SampleClient, tokens: Tokens
) -> None:
    """(C025)"""
    assert_error(revoke(running.client("bantuan-beras"), tokens.access_token), "invalid_grant")
    assert client.userinfo(tokens.access_token).status_code == 200
    assert revoke(client, "garbage").status_code == 200


def test_a_refresh_may_ask_for_less_and_never_for_more(client: SampleClient, tokens: Tokens) -> None:
    """(row 50)"""
    form = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
    assert_error(client.token({**form, "scope": "openid email"}), "invalid_scope")
    less = client.token({**form, "scope": "openid"}).json()
    assert less["scope"] == "openid"
    assert set(client.userinfo(less["access_token"]).json()) == {"sub"}


def test_a_token_for_a_resource_that_nobody_knows_is_refused_and_spends_nothing(
    running: Running, client: SampleClient, browser: Browser
) -> None:
    """(row 50): not a token for something else, whatever the grant; the code and the refresh token still work."""
    visit = client.visit(SCOPE)
    code = client.code(visit, browser.get(visit.url))
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri,
        "code_verifier": visit.verifier,
    }  # fmt: skip
    assert_error(client.token({**form, "resource": "https://api.example/"}), "invalid_target")
    answer = client.token(form)
    assert answer.status_code == 200
    refresh = {"grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"]}
    assert_error(client.token({**refresh, "resource": running.issuer}), "invalid_target")
    assert client.token(refresh).status_code == 200
    machine = {"grant_type": "client_credentials", "resource": "bukan alamat"}
    assert_error(client.token(machine), "invalid_target")


def test_a_refresh_token_of_another_client_is_refused_and_spends_nothing(
    running: Running, client: SampleClient, tokens: Tokens
) -> None:
    """(row 48, C025) By one that may refresh its own; at revocation too."""
    form = {"grant_type": "refresh_token", "refresh_token": tokens.answer["refresh_token"]}
    other = running.client("sim-saya")
    assert_error(other.token(form), "invalid_grant")
    assert_error(revoke(running.client("bantuan-beras"), tokens.answer["refresh_token"]), "invalid_grant")
    assert_error(running.client("kepegawaian-sukamaju").token(form), "unauthorized_client")
    assert client.token(form).status_code == 200


@pytest.mark.parametrize("door", ["token", "introspect", "revoke"])
def test_a_door_for_posts_says_so(running: Running, door: str) -> None:
    """(C090)"""
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = local_http.request(method, f"{running.issuer}/{door}")
        assert answer.status_code == 405
        assert "POST" in answer.headers["allow"]


def test_browsers_of_registered_origins_may_read_the_answers_and_no_other(
    running: Running, client: SampleClient
) -> None:
    """(C090, clients.md)"""
    home = running.home_of("antrean-puskesmas").rstrip("/")
    for origin, allowed in ((home, home), ("https://jahat.example", None)):
        answer = local_http.post(
            client.metadata["token_endpoint"], data={"grant_type": "x"}, headers={"Origin": origin}
        )
        assert answer.headers.get("access-control-allow-origin") == allowed
        preflight = local_http.options(client.metadata["userinfo_endpoint"], headers={"Origin": origin})
        assert preflight.headers.get("access-control-allow-origin") == allowed
    for public in ("/.well-known/openid-configuration", "/jwks"):
        assert local_http.get(running.issuer + public).headers["access-control-allow-origin"] == "*"
    page = local_http.get(f"{running.issuer}/login", headers={"Origin": home})
    assert "access-control-allow-origin" not in page.headers


def test_of_two_live_secrets_each_says_when_it_was_last_used(running: Running) -> None:
    """clients.md, "may I remove the old one?": by the day, and only of the secret that proved the client."""
    told = register(running, "https://rahasia.example.go.id", "/cb", "standard", {})
    client_id, old = told["CLIENT_ID"], told["CLIENT_SECRET"]
    new = running.command("clients", "rotate-secret", client_id)["client_secret"]

    def used() -> list[bool]:
        """The newest first."""
        return [one["used_on"] is not None for one in running.command("clients", "show", client_id)["secrets"]]

    def ask(secret: str) -> int:
        form = {"token": "x", "client_id": client_id, "client_secret": secret}
        return local_http.post(f"{running.issuer}/introspect", data=form).status_code

    assert used() == [False, False]
    assert [ask("keliru"), ask(old)] == [401, 200]
    assert used() == [False, True]
    deadline = time.monotonic() + 3
    while ask(new) != 200:
        assert time.monotonic() < deadline
    assert used() == [True, True]


def test_a_machines_own_token_speaks_of_nobody(running: Running) -> None:
    """protocol.md §3.5: no `openid`, so 403 and the scope that is missing; once it is over, 401."""
    machine = running.demo["data_providers"][0]
    pair = (machine["client_id"], machine["client_secret"])
    token = local_http.post(f"{running.issuer}/token", data={"grant_type": "client_credentials"}, auth=pair).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    answer = local_http.get(f"{running.issuer}/userinfo", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    assert (
        answer.headers["www-authenticate"] == 'Bearer realm="gapura", error="insufficient_scope", scope="openid"'
    )
    told = local_http.post(f"{running.issuer}/introspect", data={"token": token["access_token"]}, auth=pair).json()
    assert (told["sub"], "acr" in told, "auth_time" in told) == (machine["client_id"], False, False)


def test_a_resource_server_hears_how_surely_the_citizen_was_known(client: SampleClient, tokens: Tokens) -> None:
    """protocol.md §3.6: what the ID token said, so that a resource can ask for more (RFC 9470)."""
    told = introspect(client, tokens.access_token)
    assert (told["acr"], told["auth_time"]) == (tokens.claims["acr"], tokens.claims["auth_time"])
    assert told["iss"] == told["aud"] == client.issuer
    assert (told["client_id"], told["token_type"]) == (client.client_id, "Bearer")


@pytest.mark.parametrize("pattern", ["%{:02X}", "%{:02x}"])
def test_basic_is_form_decoded_however_much_of_it_was_encoded(client: SampleClient, pattern: str) -> None:
    """(C030) Every character of id and secret percent-encoded; what is broken or doubly encoded is nobody's."""

    def status(client_id: str, secret: str) -> int:
        pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        answer = local_http.post(
            f"{client.issuer}/introspect", data={"token": "x"}, headers={"Authorization": f"Basic {pair}"}
        )
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"] == 'Basic realm="gapura"'
        return answer.status_code

    def encoded(text: str) -> str:
        return "".join(pattern.format(ord(sign)) for sign in text)

    secret = client.secret or ""
    assert status(encoded(client.client_id), encoded(secret)) == 200
    assert status(client.client_id, encoded(secret)) == 200
    wrong = [
        "foo%Qbar",
        "p%ss:w+rd/=é",
        encoded(encoded(secret)),
        f"{secret}%",
        f"{secret} ",
        f"+{secret}",
        ":",
        "",
    ]
    assert {status(client.client_id, one) for one in wrong} == {401}
    assert status("urn:instansi:a b/1", secret) == 401
