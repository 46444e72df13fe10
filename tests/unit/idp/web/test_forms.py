import pytest
from flask import Flask, g, request
from wtforms import StringField
from wtforms.validators import DataRequired

from idp.web import forms

OURS = "https://masuk.gapura.example"


class NameForm(forms.Form):
    name = StringField("Nama", validators=[DataRequired("Isi nama.")])


@pytest.fixture
def door(app: Flask) -> Flask:
    """A door that says whether it would act, and which other browser's secret it is asked under."""

    def act() -> str:
        g.form_secret = request.headers.get("X-Secret", "one").encode()
        form = NameForm()
        if form.validate_on_submit():
            return "acted"
        return (
            "stale" if form.stale else "wrong: " + ", ".join(f"{field.id} {text}" for field, text in form.wrongs())
        )

    app.add_url_rule("/act", "act", act, methods=["POST"])
    return app


def post(door: Flask, secret: bytes = b"one", headers: dict[str, str] | None = None, name: str = "Siti") -> str:
    sent = {"name": name, "csrf_token": forms.token(secret)}
    return door.test_client().post("/act", data=sent, headers=headers).text


def test_a_form_of_this_browser_is_acted_upon_from_any_tab_and_after_a_restart(door: Flask) -> None:
    """(C014)"""
    assert [post(door), post(door)] == ["acted", "acted"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Secret": "two"}, id="the token of another session"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="a stranger's page"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour's page"),
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": OURS + ".evil.example"}, id="an origin that begins like ours"),
    ],
)
def test_a_form_of_a_stranger_changes_nothing(door: Flask, headers: dict[str, str]) -> None:
    """(row 74, row 75)"""
    assert post(door, headers=headers) == "stale"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(
            {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, id="what Chromium sends under no-referrer"
        ),
        pytest.param({"Origin": OURS}, id="an older browser"),
        pytest.param({}, id="no browser at all"),
    ],
)
def test_our_own_form_is_recognised_in_every_browser(door: Flask, headers: dict[str, str]) -> None:
    assert post(door, headers=headers) == "acted"


def test_a_form_without_its_token_is_stale(door: Flask) -> None:
    assert door.test_client().post("/act", data={"name": "Siti"}).text == "stale"
    assert door.test_client().post("/act", data={"name": "Siti", "csrf_token": "é" * 70_000}).status_code < 500


def test_what_is_wrong_is_said_at_the_field(door: Flask) -> None:
    assert post(door, name="") == "wrong: name Isi nama."


def test_the_domain_says_what_is_wrong_at_the_same_place(app: Flask) -> None:
    with app.test_request_context():
        g.form_secret = b"one"
        form = NameForm()
        form.refuse("name", "Nama masuk atau kata sandi tidak cocok.")
        assert [(field.id, text) for field, text in form.wrongs()] == [
            ("name", "Nama masuk atau kata sandi tidak cocok.")
        ]


def test_a_stale_form_says_so_at_its_first_field(app: Flask) -> None:
    with app.test_request_context(method="POST", data={"name": "Siti"}):
        g.form_secret = b"one"
        form = NameForm()
        assert not form.validate()
        assert form.stale
        assert [(field.id, text) for field, text in form.wrongs()] == [("name", str(forms.EXPIRED))]
