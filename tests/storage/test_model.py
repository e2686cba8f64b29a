from dataclasses import replace

import pytest

from storage.model import Chat, Participant, Seat, Side
from tests.people import ALICE, BOB, LINE, NOON, OTHER_LINE, inbound, notice, receipt

CHAT = Chat(
    id=12, label=None, open=True, a=Participant(Side.A, ALICE, LINE), b=Participant(Side.B, BOB, OTHER_LINE),
    opened_at=NOON, expires_at=None, last_text_at=None,
)  # fmt: skip


def test_a_chat_is_named_by_its_id_and_label() -> None:
    assert CHAT.name == "Chat 12"
    assert replace(CHAT, label="job7").name == "Chat 12 job7"


def test_a_seat_is_a_person_on_a_line() -> None:
    assert CHAT.side(Side.A).seat == Seat(ALICE, LINE)
    assert CHAT.side(Side.B).seat == Seat(BOB, OTHER_LINE)
    assert CHAT.participants == (CHAT.a, CHAT.b)


def test_nothing_shows_a_whole_number_by_accident() -> None:
    assert ALICE.e164() not in repr(CHAT)
    assert ALICE.digits() not in f"{CHAT} {CHAT.a.seat}"


@pytest.mark.parametrize("value", [inbound(ALICE, "secret"), notice(ALICE, "secret"), receipt("m1", "delivered")])
def test_nothing_shows_a_text_or_raw_digits_by_accident(value: object) -> None:
    assert "secret" not in repr(value)
    assert ALICE.digits() not in repr(value)
