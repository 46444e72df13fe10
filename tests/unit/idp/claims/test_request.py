"""The claims parameter: what is read of it, and what is refused."""

import json

import pytest

from idp.claims.request import AskedClaims, of_scope, parse
from idp.errors import Code, OAuthError


def test_claims_become_the_attributes_they_show() -> None:
    asked = parse(
        '{"userinfo":{"nik":null,"email":{"essential":true},"email_verified":null},"id_token":{"auth_time":null}}'
    )
    assert asked == AskedClaims(userinfo=frozenset({"nik", "email"}))


def test_unknown_claims_are_ignored() -> None:
    """(C041)"""
    assert parse('{"userinfo":{"tidak_ada":null},"verified_claims":{"a":1}}') == AskedClaims()


def test_the_subject_that_must_be_signed_in_is_read() -> None:
    assert parse('{"id_token":{"sub":{"value":"aorang"}}}').subject == "aorang"


def test_an_essential_acr_is_read_with_its_values() -> None:
    asked = parse('{"id_token":{"acr":{"essential":true,"values":["urn:gapura:acr:high"]}}}')
    assert (asked.acr_values, asked.acr_essential) == (("urn:gapura:acr:high",), True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[]", id="not an object"),
        pytest.param('{"userinfo":[]}', id="a member that is a list"),
        pytest.param('{"userinfo":{"nik":1}}', id="an entry that is a number"),
        pytest.param('{"userinfo":{"nik":null,"nik":null}}', id="a doubled member"),
        pytest.param("{", id="not JSON"),
        pytest.param(json.dumps({"userinfo": {"x" * 5000: None}}), id="too long"),
        pytest.param('{"a":' * 7 + "1" + "}" * 7, id="too deep"),
        pytest.param("[" * 2000, id="much too deep"),
        pytest.param('{"id_token":{"sub":{"value":1}}}', id="a subject that is no string"),
        pytest.param('{"id_token":{"acr":{"values":"x"}}}', id="values that are no list"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(text: str) -> None:
    """(C041, row 68)"""
    with pytest.raises(OAuthError) as refused:
        parse(text)
    assert refused.value.error is Code.INVALID_REQUEST


def test_scopes_ask_for_their_attributes() -> None:
    assert of_scope(["openid", "email", "nik", "unknown"]) == {"email", "nik"}
