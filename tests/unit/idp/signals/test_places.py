"""Who gets a place: those who answer are never behind those who do not (C054)."""

from idp.signals.places import OF_FAILING, PLACES, Places


def fails(places: Places, client_no: int, now: float, times: int = 1) -> None:
    for _ in range(times):
        places.take(client_no)
        places.leave(client_no, now, well=False)


def test_at_first_all_may_ask_and_some_places_are_kept_for_those_that_fail() -> None:
    places = Places([], 0)
    assert places.free(of_failing=False) == PLACES - OF_FAILING
    assert places.free(of_failing=True) == OF_FAILING


def test_who_is_asked_is_busy_until_each_attempt_is_over() -> None:
    places = Places([], 0)
    places.take(7)
    places.take(7)
    places.leave(7, 1, well=True)
    assert places.busy(1) == [7]
    places.leave(7, 1, well=True)
    assert places.busy(1) == []
    assert places.free(of_failing=False) == PLACES - OF_FAILING


def test_who_fails_rests_longer_each_time_and_takes_no_place_of_the_well() -> None:
    places = Places([], 0)
    rests = []
    for _ in range(9):
        fails(places, 7, 100.0)
        rests.append(min(after for after in range(1, 400) if places.busy(100.0 + after) == []))
    assert rests == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    places.take(7)
    assert places.free(of_failing=False) == PLACES - OF_FAILING
    assert places.free(of_failing=True) == OF_FAILING - 1


def test_one_good_answer_makes_it_well_again() -> None:
    places = Places([], 0)
    fails(places, 7, 100.0, times=5)
    places.take(7)
    places.leave(7, 100.0, well=True)
    assert (places.failing, places.busy(100.0)) == ([], [])
    fails(places, 7, 100.0)
    assert places.busy(104.9) == [7]
    assert places.busy(105.0) == []


def test_many_that_fail_leave_the_places_of_the_well_alone() -> None:
    places = Places(list(range(100)), 0)
    for client_no in range(OF_FAILING):
        places.take(client_no)
    assert places.free(of_failing=True) == 0
    assert places.free(of_failing=False) == PLACES - OF_FAILING


def test_who_failed_before_a_restart_is_asked_at_once_but_one_at_a_time() -> None:
    places = Places([7], 50.0)
    assert places.failing == [7]
    assert places.busy(50.0) == []
