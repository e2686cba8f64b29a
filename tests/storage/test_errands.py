"""Errands: one at a time, whole or not at all, readable for nobody else, and answered once."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import errands
from storage.errands import BadErrand, Errand, Occupied, Outcome, What
from storage.holdings import Holdings

ERRAND = Errand("1", What.ERASE, "a-hash", b"\x00sealed")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return errands.beside(tmp_path / "sms.db")


def test_what_is_left_is_found_and_private(file: Path) -> None:
    assert errands.find(file) is None
    errands.leave(file, ERRAND)
    assert errands.find(file) == ERRAND
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["sms.db.errand"]


def test_a_second_one_is_refused_and_the_first_stays(file: Path) -> None:
    errands.leave(file, ERRAND)
    with pytest.raises(Occupied, match="another command"):
        errands.leave(file, Errand("2", What.EXPORT, "b", b""))
    assert errands.find(file) == ERRAND
    assert len(list(file.parent.iterdir())) == 1


def test_once_it_is_answered_it_is_gone_and_so_is_the_answer_once_read(file: Path) -> None:
    errands.leave(file, ERRAND)
    assert errands.outcome(file, "1") is None
    outcome = Outcome("1", Holdings(1, 1, 2, 3, 4, 5, True), rest="no room")
    errands.answer(file, outcome)
    assert errands.find(file) is None
    assert errands.outcome(file, "1") == outcome
    assert list(file.parent.iterdir()) == []


def test_an_answer_nobody_waits_for_is_not_taken_for_another(file: Path) -> None:
    errands.answer(file, Outcome("1"))
    assert errands.outcome(file, "2") is None
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize(
    "held", ["", "{", "[]", "{}", '{"id": "1", "what": "dance", "person": "x", "sealed": ""}', "[" * 100_000]
)
def test_what_is_no_errand_is_said_and_can_be_put_away(file: Path, held: str) -> None:
    file.write_text(held)
    with pytest.raises(BadErrand, match="is no errand"):
        errands.find(file)
    errands.discard(file)
    assert errands.find(file) is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadErrand, match="cannot be written: No such file"):
        errands.leave(errands.beside(tmp_path / "nowhere" / "sms.db"), ERRAND)
