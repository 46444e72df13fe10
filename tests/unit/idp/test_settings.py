"""Settings are judged when they are read: good ones become values, each bad one a sentence that names it."""

import re
from pathlib import Path

import pytest

from idp.settings import SETTINGS, Mode, Settings, SettingsError, unknown_settings

PRODUCTION = {
    "GAPURA_ISSUER": "https://gapura.example",
    "DATABASE_URL": "postgres://web@db/gapura",
    "GAPURA_MASTER_KEY_FILE": "/run/secrets/master",
}


def test_a_demo_needs_no_setting_but_its_mode() -> None:
    settings = Settings.from_env({"GAPURA_MODE": "demo", "PORT": "8123", "GAPURA_INSTANCE": "/srv/i"})
    assert settings.issuer == "http://127.0.0.1:8123"
    assert settings.key_store == Path("/srv/i/keys")
    assert settings.open_states == ["sandbox", "live"]


def test_production_is_the_default_and_knows_no_sandbox_client() -> None:
    settings = Settings.from_env(PRODUCTION)
    assert settings.mode is Mode.PRODUCTION
    assert settings.open_states == ["live"]


def test_one_database_url_serves_every_account_until_another_is_named() -> None:
    settings = Settings.from_env(
        PRODUCTION | {"GAPURA_OWNER_DATABASE_URL": "postgresql+psycopg://owner@db/gapura"}
    )
    assert settings.worker_database_url == settings.database_url == "postgresql://web@db/gapura"
    assert settings.owner_database_url == "postgresql://owner@db/gapura"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"GAPURA_MODE": "prod"}, "GAPURA_MODE", id="a mode that does not exist"),
        pytest.param({"PORT": "http"}, "PORT", id="a port that is no number"),
        pytest.param({"PORT": "0"}, "PORT", id="a port out of range"),
        pytest.param({"DATABASE_URL": "mysql://x"}, "DATABASE_URL", id="another engine"),
        pytest.param({"DATABASE_URL": "postgresql://[::1"}, "DATABASE_URL", id="an address cut short"),
        pytest.param(
            {"DATABASE_URL": "postgresql://db/x?sslmod=require"}, "DATABASE_URL", id="a word libpq does not know"
        ),
        pytest.param({"DATABASE_URL": ""}, "DATABASE_URL", id="production without a server"),
        pytest.param({"GAPURA_ISSUER": ""}, "GAPURA_ISSUER", id="production without an issuer"),
        pytest.param({"GAPURA_ISSUER": "http://gapura.example"}, "GAPURA_ISSUER", id="an http issuer"),
        pytest.param({"GAPURA_ISSUER": "http://127.0.0.1"}, "GAPURA_ISSUER", id="http on loopback in production"),
        pytest.param({"GAPURA_ISSUER": "https://gapura.example/"}, "GAPURA_ISSUER", id="a final slash"),
        pytest.param({"GAPURA_ISSUER": "https://gapura.example?"}, "GAPURA_ISSUER", id="a query"),
        pytest.param({"GAPURA_ISSUER": "https://gapura.example:x"}, "GAPURA_ISSUER", id="an unreadable port"),
        pytest.param({"GAPURA_ISSUER": "https://Gapura.example"}, "GAPURA_ISSUER", id="capital letters"),
        pytest.param({"GAPURA_ISSUER": "https://gapura.example:443"}, "GAPURA_ISSUER", id="a port that all drop"),
        pytest.param({"GAPURA_ISSUER": "https://gapura.example:65536"}, "GAPURA_ISSUER", id="no port"),
        pytest.param({"GAPURA_ISSUER": "https://gapura.example/gate"}, "GAPURA_ISSUER", id="a path"),
        pytest.param({"GAPURA_ISSUER": "https://gapura .example"}, "GAPURA_ISSUER", id="a space"),
        pytest.param({"GAPURA_ISSUER": "https://gapura.example\n"}, "GAPURA_ISSUER", id="a line end"),
        pytest.param({"GAPURA_ISSUER": "https://gapura.example\\x"}, "GAPURA_ISSUER", id="a backslash"),
        pytest.param({"GAPURA_ISSUER": "https://127.1"}, "GAPURA_ISSUER", id="an address cut short"),
        pytest.param({"GAPURA_ISSUER": "https://*.example"}, "GAPURA_ISSUER", id="a wildcard"),
        pytest.param({"GAPURA_MASTER_KEY_FILE": ""}, "GAPURA_MASTER_KEY_FILE", id="a generated master key"),
        pytest.param({"GAPURA_EMBEDDED": "yes"}, "GAPURA_EMBEDDED", id="an acceptance in other words"),
        pytest.param({"GAPURA_MESSAGES_URL": "http://sms.example/"}, "GAPURA_MESSAGES_URL", id="SMS without TLS"),
        pytest.param(
            {"GAPURA_MESSAGES_URL": "https://a:b@sms.example/"}, "GAPURA_MESSAGES_URL", id="a password in it"
        ),
        pytest.param({"GAPURA_MESSAGES_URL": "https://[x/"}, "GAPURA_MESSAGES_URL", id="an unreadable address"),
        pytest.param({"GAPURA_MESSAGES_URL": "https://x:99999/"}, "GAPURA_MESSAGES_URL", id="no port there"),
        pytest.param({"GAPURA_MESSAGES_URL": "https://x/#a"}, "GAPURA_MESSAGES_URL", id="a fragment"),
        pytest.param({"PORT": "9" * 5000}, "PORT", id="a number that Python does not read"),
        pytest.param({"GAPURA_INSTANCE": "a\nb"}, "GAPURA_INSTANCE", id="a folder of two lines"),
        pytest.param({"GAPURA_PROXIES": "0.0.0.0/0"}, "GAPURA_PROXIES", id="everybody as a proxy"),
        pytest.param({"GAPURA_PROXIES": ","}, "GAPURA_PROXIES", id="no proxy between commas"),
        pytest.param({"GAPURA_WEB_THREADS": "0"}, "GAPURA_WEB_THREADS", id="no threads"),
        pytest.param({"GAPURA_PROXIES": "10.0.0.1/8"}, "GAPURA_PROXIES", id="a network that is not one"),
        pytest.param({"GAPURA_PROXIES": "127.0.0.1 10.0.0.1"}, "GAPURA_PROXIES", id="proxies without a comma"),
        pytest.param({"GAPURA_PROXIES": "gateway.example"}, "GAPURA_PROXIES", id="a proxy by name"),
        pytest.param({"GAPURA_INSTANCE": "~nobody-here/x"}, "GAPURA_INSTANCE", id="a home that does not exist"),
        pytest.param({"GAPURA_KEY_STORE": "~nobody-here/x"}, "GAPURA_KEY_STORE", id="nor one for keys"),
    ],
)
def test_a_bad_value_is_one_line_that_names_it(changes: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env(PRODUCTION | changes)
    assert named in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200


def test_proxies_are_addresses_and_networks() -> None:
    settings = Settings.from_env(PRODUCTION | {"GAPURA_PROXIES": "127.0.0.1, ::1,10.0.0.0/8"})
    assert [str(one) for one in settings.proxies] == ["127.0.0.1/32", "::1/128", "10.0.0.0/8"]
    assert Settings.from_env(PRODUCTION).proxies == ()


def test_the_embedded_server_can_be_accepted_in_production() -> None:
    settings = Settings.from_env(PRODUCTION | {"DATABASE_URL": "", "GAPURA_EMBEDDED": "accept"})
    assert settings.database_url is None


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", "mysql://web:hunter2@db/gapura"),
        ("DATABASE_URL", "postgresql://web:hunter2@[db/gapura"),
        ("GAPURA_ISSUER", "https://web:hunter2@gapura.example"),
        ("GAPURA_ISSUER", "https://:hunter2@gapura.example"),
        ("GAPURA_MESSAGES_URL", "https://:hunter2@sms.example/"),
    ],
)
def test_a_password_in_a_bad_address_is_not_repeated(name: str, address: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env(PRODUCTION | {name: address})
    assert name in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_name_that_is_no_setting_is_found() -> None:
    assert unknown_settings(PRODUCTION | {"GAPURA_ISUER": "x", "HOME": "/"}) == ["GAPURA_ISUER"]


def test_every_setting_that_is_read_is_listed_with_its_reason() -> None:
    source = (Path(__file__).parents[3] / "idp" / "settings.py").read_text()
    read = set(re.findall(r'values, "([A-Z_]+)"|values\.get\("([A-Z_]+)"\)', source))
    assert {first or second for first, second in read} == {setting.name for setting in SETTINGS}
    assert all(setting.reason.endswith(".") for setting in SETTINGS)
