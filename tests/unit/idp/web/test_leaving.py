import pytest

from idp.exchange import Request
from idp.web import leaving

ISSUER = "https://masuk.gapura.example"


@pytest.mark.parametrize(
    ("method", "destination", "location", "wanted"),
    [
        pytest.param("POST", "document", "https://a.example/cb?code=x", True, id="a browser's form"),
        pytest.param("POST", "", "https://a.example/cb?code=x", False, id="a program that posts a form"),
        pytest.param("GET", "document", "https://a.example/cb?code=x", False, id="a hop without a form"),
        pytest.param("POST", "document", "id.go.sim:/cb?code=x", False, id="an application on the phone"),
    ],
)
def test_who_leaves_by_a_page(method: str, destination: str, location: str, wanted: bool) -> None:
    """(C013)"""
    request = Request({"REQUEST_METHOD": method, "HTTP_SEC_FETCH_DEST": destination})
    assert leaving.wanted(request, location) is wanted


def test_the_address_is_followed_as_it_is_and_cannot_break_out() -> None:
    page = leaving.reply('https://a.example/cb?state="><script>x()</script>&code=1')
    text = page.body.decode()
    assert "<script" not in text
    assert text.count("https://a.example/cb?state=&quot;&gt;&lt;script&gt;x()&lt;/script&gt;&amp;code=1") == 2
    assert dict(page.headers)["Cache-Control"] == "no-store"
