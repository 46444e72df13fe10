import re
from datetime import UTC, datetime

import pytest
from flask import Flask, g

from idp.web import pages
from idp.web.forms import Form
from tests.unit.idp.web.conftest import make_app

UNTIL = datetime(2027, 11, 25, tzinfo=UTC)


@pytest.fixture
def site(app: Flask) -> Flask:
    def refused() -> object:
        return pages.render(
            "sign_in/consent_refused.html",
            back="https://a.example/cb?error=access_denied",
            again="/consent?handle=h",
            handle="h",
        )

    app.add_url_rule("/consent", "refused", refused, methods=["GET", "POST"])
    return app


def test_the_style_sheet_is_kept_for_a_year_under_the_address_of_its_content(site: Flask) -> None:
    browser = site.test_client()
    page = browser.get("/consent")
    address = re.findall(r'href="(/static/style-[0-9a-f]{12}\.css)"', page.text)[0]
    sheet = browser.get(address, headers={"Accept-Encoding": "gzip"})
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert sheet.content_type == "text/css; charset=utf-8"
    assert len(sheet.data) + len(page.data) < 12_000, "the first view must fit a 2G network"


def test_a_page_of_the_release_before_still_finds_a_style_sheet(site: Flask) -> None:
    sheet = site.test_client().get("/static/style-000000000000.css")
    assert sheet.status_code == 200
    assert sheet.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["..%2fsettings.py", "style", "x.css", "style.css.map", "%00", "a" * 5000])
def test_no_other_file_is_served(site: Flask, name: str) -> None:
    assert site.test_client().get(f"/static/{name}").status_code == 404


def test_the_other_language_is_a_link_to_the_same_page_in_its_own_name(site: Flask) -> None:
    text = site.test_client().get("/consent?handle=h%26x&ui_locales=id").text
    assert '<a href="?handle=h%26x&amp;ui_locales=en" lang="en" hreflang="en">English</a>' in text


def test_after_a_post_the_link_leads_back_to_the_page_with_the_form(site: Flask) -> None:
    text = site.test_client().post("/consent", data={"handle": "h"}).text
    assert 'href="?handle=h&amp;ui_locales=en"' in text


def test_the_hosts_a_request_claims_change_nothing(site: Flask) -> None:
    """(row 80)"""
    plain = site.test_client().get("/consent").text
    lied = (
        site.test_client()
        .get("/consent", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        .text
    )
    assert lied == plain


def test_each_page_names_the_one_place_its_form_may_end_at(app: Flask) -> None:
    app.add_url_rule(
        "/x",
        "x",
        lambda: pages.render(
            "sign_in/consent_refused.html", back="/", again="/", redirect_uri="https://a.example/cb"
        ),
    )
    assert (
        "form-action 'self' https://a.example;" in app.test_client().get("/x").headers["Content-Security-Policy"]
    )


def test_text_of_others_is_isolated_and_escaped(app: Flask) -> None:
    """(row 81)"""

    def consent() -> object:
        g.session = object()
        evil = "<script>alert(1)</script>\u202e"
        return pages.render(
            "sign_in/consent.html", form=Form(), handle="h", client_name=evil, agency_name=evil, host="a.example",
            citizen_name=evil, purpose_sentence=evil, until=UNTIL, retention_days=30, if_refused=evil,
            required=[], optional=[], law=[], dpo_contact=evil, legal_basis=evil,
            new_since_days=None, more=evil, specific=evil, look_alike=evil,
        )  # fmt: skip

    app.add_url_rule("/consent", "consent", consent)
    text = app.test_client().get("/consent").text
    assert "<script" not in text
    assert "<bdi>&lt;script&gt;" in text


def test_a_loopback_installation_says_nothing_of_https() -> None:
    app = make_app("http://127.0.0.1:8000")
    app.add_url_rule("/x", "x", lambda: pages.render("sign_in/consent_refused.html", back="/", again="/"))
    assert "Strict-Transport-Security" not in app.test_client().get("/x").headers


def test_an_officer_is_reached_by_a_link_only_where_it_is_an_address() -> None:
    assert pages.contact("dpo@dinkes.example") == '<a href="mailto:dpo@dinkes.example">dpo@dinkes.example</a>'
    assert pages.contact("<b>Kotak pos 7@b.id, Jakarta</b>") == "&lt;b&gt;Kotak pos 7@b.id, Jakarta&lt;/b&gt;"
