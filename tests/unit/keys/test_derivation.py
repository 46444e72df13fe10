"""Derived keys: one for each label and context, the same every time."""

from keys.derivation import Label, derive, joined

SECRET = bytes(range(32))


def test_every_label_has_its_own_key() -> None:
    assert len({derive(SECRET, label) for label in Label}) == len(Label)


def test_every_label_is_spelled_once() -> None:
    assert len({label.value for label in Label}) == len(Label.__members__)


def test_the_context_is_not_glued_together() -> None:
    assert derive(SECRET, Label.CODE, "ab", "c") != derive(SECRET, Label.CODE, "a", "bc")
    assert joined("ab", "c") != joined("a", "bc")


def test_a_derived_key_never_changes_since_what_is_sealed_depends_on_it() -> None:
    assert (
        derive(SECRET, Label.CODE, "20000").hex()
        == "6eb8f0317d7ca37604efc95856a288356afab6ddea03afcaee0910e80995d085"
    )
    assert (
        derive(SECRET, Label.PAIRWISE_SUBJECT, "health", "1").hex()
        == "71b1fac7f13aef08a323677f715b189604ce5f965b7da43a8153189aec8976a7"
    )
