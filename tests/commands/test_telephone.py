import pytest

from commands.telephone import LOOKS, numbers_in

INNOCENT = [
    "see you at 5", "on 25.11.2026 at 17:30", "2026-11-25", "2026-11-25 14:30", "25/11/26 14:30:00", "11/25/2026, 2pm",
    f"order {12_345_678_901}", "Order no. 4155550199", "order #12345678", "your reference is 2125550199",
    "booking code: 7876543210", "invoice 2026-000123", "parcel JD014600003456789", "tracking 1Z999AA10123456784",
    "RM012345678GB", "£1,250,000.00 in all", "it costs 12.50 or 1.250,00", "$2125550199", "€ 1 250 000",
    "pay 100 000 000 in cash", "10 Downing Street, SW1A 2AA", "1600 Pennsylvania Ave NW, 20500", "flat 12, 34567",
    "bus 12 at 8, 9 and 10", "open 9-5, 10-4 on 24.12.", "24/7", "we are 4 of 12, 8 to come", "Room 1204, floor 12",
    "bring 2 x 4 x 6 planks, 12 of them", "1 2 3 4 5", "3, 2, 1, go", "1000000 thanks", "my PIN is 482113",
    "code 123456", "one-time code: 12345678", "card 4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00",
    "GB29 NWBK 6016 1331 9268 19", "ISBN 978-3-16-148410-0", "isbn 9780306406157", "51.5074, -0.1278",
    "40.712776 -74.005974", "192.168.100.200", "server 208.67.222.222 is down", "version 2.14.1.20250301",
    "v1.2.3-45678", "at 0800 hours",
    "https://example.org/item/4155550199", "example.org/?id=4155550199", "ABC-1234567", "07700900456ab", "AB12 CDE",
    "from 0800 to 1700", "0800-1700", "0.5 l", "007", "30.09.2026-02.10.2026", "10:15, 11:45, 12:30, 14:00, 15:15",
    "1/2, 3/4", "52 weeks, 365 days, 8760 hours", "score 21:19, 19:21, 15:13", "3.14159265358979", "+5", "+1 for that",
    "+-12", "(1) (2) (3) (4) (5)", "size 42, 30x40x50 cm", "24.12.2026 18.00", "customer number 1234567890",
]  # fmt: skip


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_telephone_number_is_left_alone(text: str) -> None:
    assert list(numbers_in(text, {1, 44})) == []


@pytest.mark.parametrize(
    "text",
    [
        "+447700900456", "+44 7700 900456", "+44 (0)7700 900456", "00447700900456", "00 44 7700 900 456", "07700900456",
        "07700 900 456", "0 7 7 0 0 9 0 0 4 5 6", "(07700) 900456", "07700-900-456", "07700.900.456", "447700900456",
        "+1 212 555 0199", "+12125550199", "1-212-555-0199", "(212) 555-0199", "212.555.0199", "2125550199",
        "12125550199", "011 44 7700 900456", "0012125550199", "wa.me/447700900456", "tel:+447700900456",
        "x+447700900456x",
    ],
)  # fmt: skip
def test_a_telephone_number_is_found_in_the_ways_of_its_country(text: str) -> None:
    [(start, end)] = numbers_in(f"me: {text} ok", {1, 44})
    assert "".join(filter(str.isdigit, f"me: {text} ok"[start:end])) == "".join(filter(str.isdigit, text))


def test_two_numbers_in_a_row_are_two() -> None:
    text = "07700900456 07700900457"
    assert [text[start:end] for start, end in numbers_in(text, {44})] == ["07700900456", "07700900457"]


def test_after_a_date_a_number_is_found() -> None:
    text = "on 25.11.2026 07700900456"
    assert [text[start:end] for start, end in numbers_in(text, {44})] == ["07700900456"]


def test_a_number_at_home_goes_by_the_countries_of_the_chat() -> None:
    assert list(numbers_in("2125550199", {44})) == []
    assert list(numbers_in("2125550199", {1})) != []


def test_who_writes_more_than_anybody_has_numbers_is_believed_to_write_numbers() -> None:
    text = ", ".join(["0123456789999"] * (LOOKS + 10))
    assert len(list(numbers_in(text, {44}))) >= 10
