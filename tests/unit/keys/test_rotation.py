"""Which step in a key's life is due when. Times are in minutes or days from NOW."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keys.rotation import (
    LANES,
    POLICIES,
    Act,
    Key,
    Role,
    State,
    coming,
    due,
    may_be_destroyed_at,
    may_sign_at,
    next_at,
    successor,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE, DAY, TICK = timedelta(minutes=1), timedelta(days=1), timedelta(microseconds=1)


def published(at: timedelta, kid: str = "next") -> Key:
    return Key(kid, Role.TOKENS, "ES256", State.PUBLISHED, NOW + at)


def signing(since: timedelta, kid: str = "now") -> Key:
    return Key(kid, Role.TOKENS, "ES256", State.SIGNING, NOW + since - DAY, NOW + since)


def retired(at: timedelta, kid: str = "old") -> Key:
    return Key(kid, Role.TOKENS, "ES256", State.RETIRED, NOW - 200 * DAY, NOW - 100 * DAY, NOW + at)


KEPT = DAY + 10 * MINUTE  # the longest token of role `tokens`, and 24 hours

CASES = [
    pytest.param([], [], id="no key, no step: the first is made by ensure"),
    pytest.param([signing(-89 * DAY)], [], id="a key signs for 90 days"),
    pytest.param(
        [signing(-90 * DAY + 30 * MINUTE)],
        [(Act.PUBLISH, None)],
        id="its successor is published 30 minutes before",
    ),
    pytest.param([signing(-90 * DAY + 30 * MINUTE + TICK)], [], id="and not a moment earlier"),
    pytest.param([signing(-90 * DAY), published(-29 * MINUTE)], [], id="one successor is enough"),
    pytest.param(
        [signing(-90 * DAY), published(-30 * MINUTE + TICK)], [], id="29:59 after publishing it must not sign"
    ),
    pytest.param(
        [signing(-90 * DAY), published(-30 * MINUTE)],
        [(Act.START_SIGNING, "next")],
        id="after 30 minutes it may sign",
    ),
    pytest.param(
        [signing(-1 * DAY), published(-30 * MINUTE)],
        [(Act.START_SIGNING, "next")],
        id="a successor an operator asked for does not wait for 90 days",
    ),
    pytest.param(
        [published(-40 * MINUTE, "first"), published(-35 * MINUTE, "second")],
        [(Act.START_SIGNING, "first")],
        id="of two that wait the elder signs",
    ),
    pytest.param(
        [retired(-KEPT + TICK), signing(-DAY)], [], id="a retired key is kept for the longest token and a day"
    ),
    pytest.param([retired(-KEPT), signing(-DAY)], [(Act.DESTROY, "old")], id="and then destroyed"),
    pytest.param(
        [retired(timedelta(hours=-1)), signing(-DAY)], [], id="a key retired an hour ago is not destroyed"
    ),
    pytest.param(
        [replace(signing(-DAY), state=State.COMPROMISED), replace(retired(-KEPT), state=State.DESTROYED)],
        [],
        id="nothing is due for what is compromised or destroyed",
    ),
    pytest.param(
        [replace(signing(-3650 * DAY), role=Role.LEDGER, algorithm="EdDSA")],
        [],
        id="the ledger's key changes only when an operator asks",
    ),
    pytest.param(
        [replace(retired(-2 * DAY), role=Role.EVENTS), replace(signing(-DAY), role=Role.EVENTS)],
        [],
        id="a key of events is kept a week longer: they are offered again",
    ),
]


@pytest.mark.parametrize(("keys", "steps"), CASES)
def test_what_is_due_now(keys: list[Key], steps: list[tuple[Act, str | None]]) -> None:
    """(C056) (C057)"""
    assert [(step.act, step.kid) for step in due(keys, NOW)] == steps


def test_lanes_do_not_wait_for_each_other() -> None:
    other = replace(published(-30 * MINUTE, "rsa"), algorithm="RS256")
    assert [step.kid for step in due([signing(-DAY), other], NOW)] == ["rsa"]


def test_the_next_step_is_known_before_it_is_due() -> None:
    keys = [signing(-DAY), published(-10 * MINUTE)]
    assert next_at(keys, NOW) == NOW + 20 * MINUTE
    assert next_at([signing(-DAY)], NOW) == NOW + 89 * DAY - 30 * MINUTE
    assert next_at([], NOW) is None


def test_a_whole_life_needs_no_hand() -> None:
    """(C056) Walk by the announced times: there is always one signer, and it was always listed long enough."""
    keys, now, seen = [signing(timedelta(0), "k0")], NOW, ["k0"]
    for turn in range(1, 13):
        at = next_at(keys, now)
        assert at is not None
        now = at
        for step in due(keys, now):
            keys = _taken(keys, step.act, step.kid, now, f"k{turn}")
            if step.act is Act.START_SIGNING:
                seen.append(str(step.kid))
        signers = [key for key in keys if key.state is State.SIGNING]
        assert len(signers) == 1
        assert signers[0].kid == "k0" or now - signers[0].published_at >= timedelta(seconds=1800)
    assert len(seen) == 5  # publish, sign, destroy: three turns a key
    assert now > NOW + 360 * DAY


def _taken(keys: list[Key], act: Act, kid: str | None, now: datetime, fresh: str) -> list[Key]:
    if act is Act.PUBLISH:
        return [*keys, published(now - NOW, fresh)]
    if act is Act.DESTROY:
        return [replace(key, state=State.DESTROYED) if key.kid == kid else key for key in keys]
    return [
        replace(key, state=State.SIGNING, signing_at=now)
        if key.kid == kid
        else replace(key, state=State.RETIRED, retired_at=now)
        if key.state is State.SIGNING
        else key
        for key in keys
    ]


def test_dates_are_counted_from_the_key_itself() -> None:
    """(C057) The date before which a step is refused does not depend on the clock that asks."""
    assert may_sign_at(published(timedelta(0))) == NOW + timedelta(seconds=1800)
    assert may_be_destroyed_at(retired(timedelta(0))) == NOW + KEPT
    assert may_be_destroyed_at(signing(timedelta(0))) is None


def test_the_successor_is_of_the_same_role_and_algorithm() -> None:
    keys = [published(timedelta(0)), replace(published(timedelta(0), "rsa"), algorithm="RS256")]
    assert successor(keys, "tokens", "RS256") == keys[1]
    assert successor(keys, "receipts", "ES256") is None


def test_every_role_has_a_policy_and_a_lane() -> None:
    """(row 70)"""
    assert set(POLICIES) == set(Role) == {role for role, _ in LANES}


def test_coming_steps_are_sorted_by_time() -> None:
    steps = coming([signing(-DAY), retired(-DAY), replace(published(timedelta(0), "rsa"), algorithm="RS256")])
    assert [step.act for step in steps] == [Act.DESTROY, Act.START_SIGNING, Act.PUBLISH]
