import json
import re

import pytest
import structlog
from flask import Flask, abort

from idp.errors import Code, DatabaseAway, OAuthError, PageError
from idp.web import problems
from keys.errors import MasterKeyMissing


def door(app: Flask, path: str, error: Exception, methods: tuple[str, ...] = ("GET",)) -> None:
    def fail() -> str:
        raise error

    app.add_url_rule(path, path, fail, methods=list(methods))


def test_a_program_gets_json_in_the_words_of_oauth(app: Flask) -> None:
    door(app, "/token", OAuthError(Code.INVALID_GRANT, "the code was used before", 400))
    answer = app.test_client().get("/token")
    assert (answer.status_code, answer.json) == (
        400, {"error": "invalid_grant", "error_description": "the code was used before"},
    )  # fmt: skip
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"


def test_a_person_gets_a_page_with_a_stable_code_an_incident_number_and_a_way_on(app: Flask) -> None:
    door(app, "/authorize", PageError("redirect_uri_mismatch", 400, "the address sent is not registered"))
    page = app.test_client().get("/authorize?ui_locales=en")
    assert page.status_code == 400
    assert 'data-error="redirect_uri_mismatch"' in page.text
    assert "This service is not connected properly." in page.text
    assert re.search(r"GPR-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", page.text)
    assert 'href="/services"' in page.text


def test_the_way_on_that_the_story_knows_comes_first(app: Flask) -> None:
    door(app, "/consent", PageError("page_expired", 400, onward="https://antrean.example/masuk"))
    text = app.test_client().get("/consent").text
    assert text.index("https://antrean.example/masuk") < text.index("/services")
    assert "Halaman ini terlalu lama terbuka." in text


def test_nothing_that_was_sent_is_repeated(app: Flask) -> None:
    """(row 119, row 111)"""
    door(app, "/broken", ValueError("password=hunter2"))
    for address in ("/broken?code=marker123", "/missing/marker123"):
        answer = app.test_client().get(address)
        assert "marker123" not in answer.text.replace("?code=marker123&amp;ui_locales", "")
        assert "hunter2" not in answer.text


def test_a_bug_answers_with_a_number_and_nothing_of_the_machine(app: Flask) -> None:
    """(row 119)"""
    door(app, "/broken", ValueError("SELECT 1 /srv/gapura"))
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "GPR-" in answer.text
    assert not re.search("SELECT|/srv|Traceback|ValueError|Werkzeug|Flask", answer.text)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_a_bug_at_a_machines_door_is_json_too(app: Flask) -> None:
    door(app, "/userinfo", ValueError("x"))
    assert app.test_client().get("/userinfo").json["error"] == "server_error"  # type: ignore[index]


def test_without_its_database_every_door_says_when_to_come_back(app: Flask) -> None:
    """(row 113)"""
    door(app, "/token", DatabaseAway())
    door(app, "/consents", DatabaseAway())
    for path in ("/token", "/consents"):
        answer = app.test_client().get(path)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
    assert json.loads(app.test_client().get("/token").data)["error"] == "temporarily_unavailable"


def test_without_the_master_key_of_a_row_it_is_the_same_and_the_log_names_the_mend(app: Flask) -> None:
    door(app, "/userinfo", MasterKeyMissing(2, {1}))
    door(app, "/consents", MasterKeyMissing(2, {1}))
    with structlog.testing.capture_logs() as logged:
        answers = [app.test_client().get(path) for path in ("/userinfo", "/consents")]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert "master" not in answers[0].text + answers[1].text
    assert "copy the file master-2" in logged[0]["mend"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (403, "forbidden"),
        (404, "not_found"),
        (413, "too_large"),
        (414, "too_large"),
        (429, "too_many_attempts"),
    ],
)
def test_each_status_has_its_page(app: Flask, status: int, code: str) -> None:
    app.add_url_rule("/page", "page", lambda: abort(status))
    page = app.test_client().get("/page")
    assert page.status_code == status
    assert f'data-error="{code}"' in page.text
    assert "belum tersambung" not in page.text, "that would be the application's fault"


def test_a_wrong_method_names_the_right_ones(app: Flask) -> None:
    """(C090, row 120)"""
    door(app, "/token", ValueError("x"), ("POST",))
    door(app, "/consents", ValueError("x"), ("POST",))
    for path in ("/token", "/consents"):
        for method in ("GET", "TRACE", "DELETE", "FOO"):
            answer = app.test_client().open(path, method=method)
            assert answer.status_code == 405
            assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("code", sorted(problems.PAGES))
def test_every_page_speaks_both_languages(app: Flask, code: str) -> None:
    app.add_url_rule("/page", "page", lambda: problems.page(code))
    browser = app.test_client()
    indonesian, english = browser.get("/page?ui_locales=id").text, browser.get("/page?ui_locales=en").text
    heading = re.compile("<h1>(.+)</h1>")
    assert heading.findall(indonesian) != heading.findall(english)


def test_an_incident_number_has_no_letter_that_is_misheard() -> None:
    assert not set("".join(problems.incident_number()[4:] for _ in range(200))) & set("01OIL")
