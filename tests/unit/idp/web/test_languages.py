from datetime import UTC, datetime

import pytest
from flask import Flask, g

from idp.web import languages

NOW = datetime(2026, 11, 25, 7, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("chosen", "ui_locales", "accept", "language"),
    [
        pytest.param("", "", "", "id", id="silence is Indonesian"),
        pytest.param("en", "id", "id", "en", id="the citizen's choice is first"),
        pytest.param("", "en-GB id", "id", "en", id="then what the application asked for"),
        pytest.param("", "fr xx", "en-US,en;q=0.9", "en", id="then what the browser asks for"),
        pytest.param("", "", "fr-FR,fr;q=0.9", "id", id="a language we do not speak is silence"),
        pytest.param("", "in-ID", "en", "id", id="Java's old code for Indonesian"),
        pytest.param("<script>", "\x00", "🙂;q=x", "id", id="nonsense is silence"),
    ],
)
def test_the_language_of_a_page(chosen: str, ui_locales: str, accept: str, language: str) -> None:
    assert languages.choose(chosen, ui_locales, accept) == language


def test_dates_are_written_out_and_times_name_their_zone(app: Flask) -> None:
    with app.test_request_context():
        assert languages.moment(NOW) == "25 November 2026, 14.05 WIB"
    with app.test_request_context("/?ui_locales=en"):
        assert languages.moment(NOW) == "25 November 2026, 14.05 WIB"
    with app.test_request_context():
        g.zone = "Asia/Jayapura"
        assert languages.clock(NOW) == "16.05 WIT"
    with app.test_request_context():
        g.zone = "Asia/Kuala_Lumpur"
        assert languages.clock(NOW) == "15.05 GMT+8"
        g.zone = "Asia/Kathmandu"
        assert languages.clock(NOW) == "12.50 GMT+5.45"


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 25, 1, 40, tzinfo=UTC), "Hari ini, 08.40 WIB"),
        (datetime(2026, 11, 24, 16, 59, tzinfo=UTC), "Kemarin, 23.59 WIB"),
        (datetime(2026, 11, 24, 17, 1, tzinfo=UTC), "Hari ini, 00.01 WIB"),
        (datetime(2026, 10, 3, 7, 5, tzinfo=UTC), "3 Oktober 2026, 14.05 WIB"),
    ],
)
def test_only_today_and_yesterday_are_named(app: Flask, at: datetime, text: str) -> None:
    with app.test_request_context():
        assert languages.recently(at, NOW) == text


def test_a_retention_is_said_in_the_largest_unit_that_is_exact(app: Flask) -> None:
    with app.test_request_context():
        assert [languages.length_of_days(days) for days in (730, 90, 10)] == ["2 tahun", "3 bulan", "10 hari"]
    with app.test_request_context("/?ui_locales=en"):
        assert [languages.length_of_days(days) for days in (365, 60, 1)] == ["1 year", "2 months", "1 day"]


def test_numbers_are_grouped_as_the_reader_does(app: Flask) -> None:
    with app.test_request_context():
        assert languages.number(1204558) == "1.204.558"


def test_the_choice_made_in_the_head_is_remembered(app: Flask) -> None:
    app.add_url_rule("/page", "page", lambda: languages.current())
    browser = app.test_client()
    assert browser.get("/page?ui_locales=en", base_url="https://x").text == "en"
    assert browser.get("/page", base_url="https://x").text == "en"


def test_what_an_application_asks_for_at_authorize_is_not_remembered(app: Flask) -> None:
    app.add_url_rule("/authorize", "page", lambda: languages.current())
    answer = app.test_client().get("/authorize?ui_locales=en", base_url="https://x")
    assert answer.text == "en"
    assert "Set-Cookie" not in answer.headers


def test_the_citizens_choice_stays_before_what_the_application_asked_for(app: Flask) -> None:
    with app.test_request_context(headers={"Cookie": f"{languages.COOKIE}=id"}):
        languages.suggest("en")
        assert languages.current() == "id"
    with app.test_request_context():
        languages.suggest("en")
        assert languages.current() == "en"
