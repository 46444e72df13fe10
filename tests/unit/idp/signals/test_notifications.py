"""The citizen's inbox: newest first, one's own alone, read when it is said."""

from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from idp.signals import notifications


def kinds(db: Session, citizen_id: UUID) -> list[str]:
    return [row.kind for row in notifications.list_of(db, citizen_id)]


def test_the_newest_come_first_and_no_more_than_asked_for(db: Session) -> None:
    citizen_id = uuid4()
    for kind in ("first", "second", "third"):
        notifications.add(db, citizen_id, kind, {"client_no": 7})
    assert kinds(db, citizen_id) == ["third", "second", "first"]
    (newest,) = notifications.list_of(db, citizen_id, 1)
    assert (newest.kind, newest.detail, newest.sent_by) == ("third", {"client_no": 7}, ["page"])


def test_reading_marks_ones_own_and_keeps_when_it_was(db: Session) -> None:
    mine, yours = uuid4(), uuid4()
    notifications.add(db, mine, "new_sign_in", {})
    notifications.add(db, yours, "new_sign_in", {})
    notifications.mark_read(db, mine)
    db.expire_all()
    assert [row.read_at is None for row in notifications.list_of(db, mine)] == [False]
    assert [row.read_at is None for row in notifications.list_of(db, yours)] == [True]
    assert kinds(db, mine) == ["new_sign_in"]
