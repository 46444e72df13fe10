"""Which metadata a client may register, and what is said about the rest."""

from typing import Any

import pytest
from joserfc.jwk import ECKey

from idp.clients import metadata
from idp.clients.metadata import Accepted, Refused
from idp.clients.profiles import RULES, Profile

KEYS = {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}
LEAST: dict[str, Any] = {"client_name": "Antrean Puskesmas", "redirect_uris": ["https://antrean.example.go.id/cb"]}


def accepted(profile: Profile = Profile.STANDARD, *, loopback: bool = False, **members: Any) -> Accepted:
    verdict = metadata.validate(LEAST | members, profile, loopback=loopback)
    assert isinstance(verdict, Accepted), verdict
    return verdict


def refused(profile: Profile = Profile.STANDARD, **members: Any) -> set[str]:
    verdict = metadata.validate(LEAST | members, profile, loopback=False)
    assert isinstance(verdict, Refused), verdict
    assert all(
        fault.mend.isascii() and '"' not in fault.mend and "\\" not in fault.mend for fault in verdict.faults
    )
    return {fault.field for fault in verdict.faults}


def test_a_client_that_says_least_gets_the_defaults_of_the_standard() -> None:
    client = accepted()
    assert client.auth_method == "client_secret_basic"
    assert client.grant_types == ("authorization_code",)
    assert client.scopes == ("openid",)
    assert client.id_token_alg == "RS256"
    assert client.name == {"id": "Antrean Puskesmas", "en": "Antrean Puskesmas"}
    assert client.rest == {"grant_types": ["authorization_code"], "application_type": "web"}
    assert client.has_secret


def test_a_name_may_be_given_by_language() -> None:
    english: dict[str, Any] = {"client_name#en": "Clinic queue"}
    assert accepted(Profile.STANDARD, loopback=False, **english).name == {
        "id": "Antrean Puskesmas",
        "en": "Clinic queue",
    }


@pytest.mark.parametrize("member", ["contacts", "introspects", "default_acr_values"])
@pytest.mark.parametrize("text", ["", "a\x00b", "\ud800", "a" * 257], ids=["none", "NUL", "half", "long"])
def test_a_text_that_could_not_be_kept_is_refused(member: str, text: str) -> None:
    assert refused(**{member: ["fine", text]}) == {member}
    assert accepted(**{member: ["fine"]}).rest[member] == ["fine"]


def test_every_default_of_a_profile_is_one_of_its_choices() -> None:
    assert accepted(Profile.NATIVE).auth_method == "none"
    machine = metadata.validate({"client_name": "Mesin"}, Profile.MACHINE, loopback=False)
    assert isinstance(machine, Accepted)
    assert machine.grant_types == ("client_credentials",)
    assert machine.scopes == ()


def test_fapi2_is_refused_rather_than_given_less_than_it_asks() -> None:
    assert Profile.FAPI2 not in RULES
    assert refused(Profile.FAPI2) == {"profile"}


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"redirect_uris": []}, "redirect_uris"),
        ({"redirect_uris": "https://a.example/cb"}, "redirect_uris"),
        ({"redirect_uris": [7]}, "redirect_uris"),
        ({"redirect_uris": ["https://a.example/cb#f"]}, "redirect_uris"),
        ({"redirect_uris": ["http://localhost/cb"]}, "redirect_uris"),
        ({"redirect_uris": ["id.go.example:/cb"]}, "redirect_uris"),
        ({"redirect_uris": [f"https://a.example/{n}" for n in range(51)]}, "redirect_uris"),
        ({"post_logout_redirect_uris": ["https://u@a.example/"]}, "post_logout_redirect_uris"),
        ({"client_name": ""}, "client_name"),
        ({"client_name": "a\u202eb"}, "client_name"),
        ({"client_name": "a" * 101}, "client_name"),
        ({"client_name": ["a"]}, "client_name"),
        ({"client_name": None}, "client_name"),
        ({"token_endpoint_auth_method": "none"}, "token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": ["none"]}, "token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks"),
        ({"jwks": {"keys": []}}, "jwks"),
        ({"jwks": KEYS, "jwks_uri": "https://a.example/jwks"}, "jwks"),
        ({"jwks_uri": "https://10.0.0.1/jwks"}, "jwks_uri"),
        ({"grant_types": ["implicit"]}, "grant_types"),
        ({"grant_types": ["refresh_token"]}, "grant_types"),
        ({"response_types": ["code", "token"]}, "response_types"),
        ({"response_types": []}, "response_types"),
        ({"scope": "profile"}, "scope"),
        ({"scope": "openid pro\u00fffile"}, "scope"),
        ({"scope": "openid <x>"}, "scope"),
        ({"id_token_signed_response_alg": "none"}, "id_token_signed_response_alg"),
        ({"id_token_signed_response_alg": "HS256"}, "id_token_signed_response_alg"),
        ({"id_token_encrypted_response_alg": "RSA-OAEP"}, "id_token_encrypted_response_alg"),
        ({"request_uris": ["https://a.example/r"]}, "request_uris"),
        ({"subject_type": "public"}, "subject_type"),
        ({"default_max_age": -1}, "default_max_age"),
        ({"default_max_age": True}, "default_max_age"),
        ({"default_max_age": "60"}, "default_max_age"),
        ({"require_auth_time": 1}, "require_auth_time"),
        ({"token_endpoint_auth_signing_alg": "HS256"}, "token_endpoint_auth_signing_alg"),
        ({"token_endpoint_auth_signing_alg": ["ES256"]}, "token_endpoint_auth_signing_alg"),
        ({"acr_floor": "urn:gapura:acr:royal"}, "acr_floor"),
        ({"initiate_login_uri": "javascript:alert(1)"}, "initiate_login_uri"),
        ({"logo_uri": "http://127.0.0.1/logo"}, "logo_uri"),
        ({"backchannel_logout_uri": "https://169.254.169.254/"}, "backchannel_logout_uri"),
        ({"introspects": "dovecot"}, "introspects"),
        ({"id_token_claims": "all"}, "id_token_claims"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(members: dict[str, Any], field: str) -> None:
    assert refused(**members) == {field}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert refused(redirect_uris=[], scope="profile", jwks=7) == {"redirect_uris", "scope", "jwks"}


def test_a_bad_redirect_address_has_its_own_error_code() -> None:
    verdict = metadata.validate(
        LEAST | {"redirect_uris": ["javascript:x"], "scope": "x"}, Profile.CLASSIC, loopback=False
    )
    assert isinstance(verdict, Refused)
    assert {fault.error for fault in verdict.faults} == {"invalid_redirect_uri", "invalid_client_metadata"}


def test_members_that_nobody_defined_are_ignored() -> None:
    assert accepted(tos="x", favourite_colour=["nila"]).rest == accepted().rest


def test_a_default_age_of_nothing_is_kept() -> None:
    """Every sign-in of such a client asks for the password: 0 is not "nothing was said"."""
    assert accepted(default_max_age=0).rest["default_max_age"] == 0


def test_loopback_pages_and_fetches_are_open_in_demo_and_sandbox() -> None:
    client = accepted(
        loopback=True,
        redirect_uris=["http://localhost:3000/cb"],
        initiate_login_uri="http://127.0.0.1:8001/login",
        backchannel_logout_uri="http://127.0.0.1:8001/backchannel",
    )
    assert client.backchannel_logout_uri == "http://127.0.0.1:8001/backchannel"
    assert client.rest["initiate_login_uri"] == "http://127.0.0.1:8001/login"


def test_a_client_that_signs_with_its_own_key_has_no_secret() -> None:
    client = accepted(token_endpoint_auth_method="private_key_jwt", jwks=KEYS)
    assert not client.has_secret
    assert client.rest["jwks"] == KEYS


def test_a_native_application_registers_loopback_and_its_own_scheme() -> None:
    uris = ["http://127.0.0.1/cb", "id.go.example:/cb"]
    assert accepted(Profile.NATIVE, redirect_uris=uris).redirect_uris == tuple(uris)
