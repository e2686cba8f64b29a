"""Webhook parameters: the three shapes, the odd ones, and what becomes of them."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.vonage.wire import NotAWebhook, inbound, parameters, read, receipt
from storage.model import Inbound, Part, Receipt
from storage.number import Number

NOW = 1_770_000_600_000
SENT = {
    "msisdn": "447700900123",
    "to": "447700900001",
    "messageId": "17000002677E17D8",
    "text": "Będę za pięć minut & 5 = 5 ",
    "type": "unicode",
    "keyword": "BĘDĘ",
    "api-key": "abcd1234",
    "message-timestamp": "2026-02-01 17:48:35",
    "timestamp": "1770000515",
    "nonce": "6f1d5c1e-8f0b-4f6f-9d57-0c1b2a3d4e5f",
    "sig": "00",
}
TAKEN = Inbound(
    message_id="17000002677E17D8",
    sender=Number("+447700900123"),
    raw_sender="447700900123",
    line=Number("+447700900001"),
    text="Będę za pięć minut & 5 = 5 ",
    stamped_at=1_769_968_115_000,
    received_at=NOW,
)
TOLD = {
    "msisdn": "447700900123",
    "to": "447700900001",
    "network-code": "23420",
    "messageId": "14000000F9DBBBBB",
    "price": "0.00845000",
    "status": "delivered",
    "scts": "2607170234",
    "err-code": "0",
    "api-key": "abcd1234",
    "client-ref": "c" * 40,
    "message-timestamp": "2026-07-17 02:34:35",
}
NOTED = Receipt(
    message_id="14000000F9DBBBBB",
    client_ref="c" * 40,
    recipient=Number("+447700900123"),
    status="delivered",
    err_code="0",
    received_at=NOW,
)
PART = {"concat": "true", "concat-ref": "7", "concat-total": "3", "concat-part": "2"}
anything = st.text(st.characters(), max_size=40)
loose = st.text(max_size=40)  # without lone surrogates: a form cannot spell them
known = st.sampled_from([*SENT, *TOLD, *PART])
told = st.dictionaries(known | anything, anything, max_size=15)


def without(*keys: str) -> dict[str, str]:
    return {key: value for key, value in SENT.items() if key not in keys}


@pytest.mark.parametrize(
    ("method", "query", "body"),
    [
        ("GET", urlencode(SENT).encode(), b""),
        ("POST", b"", urlencode(SENT).encode()),
        ("POST", b"", json.dumps(SENT).encode()),
        ("POST", b"", json.dumps(SENT, ensure_ascii=False, indent=2).encode()),
        ("POST", b"", b"\xef\xbb\xbf" + json.dumps(SENT).encode()),  # with a byte order mark
        ("POST", urlencode(SENT).encode(), b""),
        ("POST", urlencode(SENT).encode(), b" \r\n"),
    ],
)
def test_all_shapes_hold_the_same_parameters(method: str, query: bytes, body: bytes) -> None:
    assert parameters(method, query, body) == SENT


def test_of_query_and_body_only_one_counts() -> None:
    assert parameters("POST", b"to=1", b"msisdn=2") == {"msisdn": "2"}
    assert parameters("GET", b"to=1", b"msisdn=2") == {"to": "1"}


@pytest.mark.parametrize(
    ("encoded", "text"),
    [
        (b"text=On+my+way%21", "On my way!"),
        (b"text=L%C3%A1+vai%0Aj%C3%A1", "Lá vai\njá"),
        (b"text=%F0%9F%98%80", "\N{GRINNING FACE}"),
        (b"text=a=b", "a=b"),
        (b"text=", ""),
        (b"text", ""),
        (b"text=raw \xc3\xa9", "raw é"),
        (b"text=100%25 %zz %", "100% %zz %"),
        (b"text=%FFhalf%C3", "\N{REPLACEMENT CHARACTER}half\N{REPLACEMENT CHARACTER}"),
        (b"text=raw\xff", "raw\N{REPLACEMENT CHARACTER}"),
        (b'{"text": "raw\xff"}', "raw\N{REPLACEMENT CHARACTER}"),
        (rb'{"text": "\ud83d\ude00"}', "\N{GRINNING FACE}"),
    ],
)
def test_values_are_decoded_and_what_cannot_be_is_marked(encoded: bytes, text: str) -> None:
    assert parameters("POST", b"", encoded) == {"text": text}


@given(told=st.dictionaries(loose, loose, max_size=20))
def test_forms_are_read_as_the_standard_library_reads_them(told: dict[str, str]) -> None:
    query = urlencode(told)
    merged = any("&" in key or "=" in key for key in told)
    expected = dict(parse_qsl(query, keep_blank_values=True))
    if merged or not expected:
        with pytest.raises(NotAWebhook):
            parameters("GET", query.encode(), b"")
    else:
        assert parameters("GET", query.encode(), b"") == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no parameters"),
        (b"&&", "no parameters"),
        (b"{}", "no parameters"),
        (b"{", "no readable JSON"),
        (b'{"text": "a"} trailing', "no readable JSON"),
        (b'{"a":' * 100_000, "no readable JSON"),
        (b"[" * 100_000, "no readable JSON"),
        (b'{"text": ' + b"7" * 5000 + b"}", "no readable JSON"),
        (b"[]", "no JSON object"),
        (b'["text"]', "no JSON object"),
        (b'{"text": 7}', "a value is not a string"),
        (b'{"text": 1e999}', "a value is not a string"),
        (b'{"text": NaN}', "a value is not a string"),
        (b'{"text": null}', "a value is not a string"),
        (b'{"text": true}', "a value is not a string"),
        (b'{"text": ["a"]}', "a value is not a string"),
        (b'{"text": {"text": "a"}}', "a value is not a string"),
        (b'{"text": {}}', "a value is not a string"),
        (b'{"text": "a", "te\\u0078t": "b"}', "a parameter is there twice"),
        (b"text=a&text=b", "a parameter is there twice"),
        (b"text=a&te%78t=a", "a parameter is there twice"),
        (b"messageId%3DM1%26msisdn=447700900123", "a parameter's name holds & or ="),
        (b"a%26=b", "a parameter's name holds & or ="),
        (b'{"a=b": "c"}', "a parameter's name holds & or ="),
        (b"&".join(b"%d=1" % n for n in range(101)), "too many parameters"),
        (json.dumps({str(n): "1" for n in range(101)}).encode(), "too many parameters"),
        (b'{"message_uuid": "u", "sms": {}}', "a webhook of the Messages API: set the account to the SMS API"),
    ],
)
def test_what_is_no_webhook_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(NotAWebhook, match=f"^{reason}$"):
        parameters("POST", b"", body)


@given(method=st.sampled_from(["GET", "POST"]), query=st.binary(max_size=200), body=st.binary(max_size=200))
def test_any_bytes_are_parameters_or_no_webhook(method: str, query: bytes, body: bytes) -> None:
    try:
        found = parameters(method, query, body)
    except NotAWebhook:
        return
    assert found
    assert all(isinstance(value, str) for value in found.values())


def test_an_inbound_text_is_read_whole() -> None:
    assert read(SENT, NOW) == TAKEN


def test_a_receipt_is_read_whole_with_the_roles_turned_round() -> None:
    assert read(TOLD, NOW) == NOTED


def test_a_receipt_is_told_from_a_text_by_what_it_holds() -> None:
    assert isinstance(read(TOLD | {"text": ""}, NOW), Receipt)
    assert isinstance(read(SENT | {"status": "", "err-code": "0"}, NOW), Inbound)
    assert isinstance(read(SENT | {"status": "delivered"}, NOW), Inbound)
    assert isinstance(read(without("text") | {"status": ""}, NOW), Inbound)


@pytest.mark.parametrize("key", ["msisdn", "to"])
def test_a_missing_or_blank_number_is_named(key: str) -> None:
    for changed in (without(key), SENT | {key: " "}):
        with pytest.raises(NotAWebhook, match=f"^{key} is missing$"):
            inbound(changed, NOW)


@pytest.mark.parametrize("key", ["msisdn", "status"])
def test_a_receipt_needs_its_number_and_its_status(key: str) -> None:
    with pytest.raises(NotAWebhook, match=f"^{key} is missing$"):
        receipt({name: value for name, value in TOLD.items() if name != key}, NOW)


def test_a_line_that_is_no_number_is_no_webhook_of_ours() -> None:
    with pytest.raises(NotAWebhook, match=r"^to is not a telephone number$"):
        inbound(SENT | {"to": "PrivateSMS"}, NOW)


def test_numbers_alone_are_no_text() -> None:
    with pytest.raises(NotAWebhook, match="no SMS"):
        inbound(without("text", "type"), NOW)


@pytest.mark.parametrize("key", ["messageId", "msisdn", "to"])
def test_an_identifier_has_a_longest_length(key: str) -> None:
    with pytest.raises(NotAWebhook, match=f"^{key} is too long$"):
        inbound(SENT | {key: "7" * 201}, NOW)
    assert inbound(SENT | {"messageId": "7" * 200}, NOW).message_id == "7" * 200


@pytest.mark.parametrize(
    "sender",
    [
        "Vonage",
        "38383",
        "431111",
        "44770090012-3",
        "497700900123" + "1234",
        "٤٤٧٧٠٠٩٠٠١٢٣",
        "0" * 16,
        "000000000000",
        "anonymous",
    ],
)
def test_a_sender_that_is_no_phone_is_kept_as_it_came(sender: str) -> None:
    taken = inbound(SENT | {"msisdn": sender}, NOW)
    assert (taken.sender, taken.raw_sender) == (None, sender)


@pytest.mark.parametrize("sender", ["+447700900123", " 447700900123"])  # a + unescaped in a query is a space
def test_a_sender_with_its_plus_is_the_same_person(sender: str) -> None:
    assert inbound(SENT | {"msisdn": sender}, NOW).sender == TAKEN.sender


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"text": ""}, ""),
        ({"text": "  two spaces  "}, "  two spaces  "),
        (
            {"text": "nul\0 and half a pair \ud83d"},
            "nul\N{REPLACEMENT CHARACTER} and half a pair \N{REPLACEMENT CHARACTER}",
        ),
        ({"type": "binary"}, None),
        ({"type": "Binary", "data": "0102"}, None),
    ],
)
def test_a_text_is_kept_as_far_as_it_can_be_stored(changes: dict[str, str], text: str | None) -> None:
    assert inbound(SENT | changes, NOW) == replace(TAKEN, text=text)


def test_without_a_text_there_is_none() -> None:
    assert inbound(without("text"), NOW).text is None


@pytest.mark.parametrize(
    ("stamp", "millis"),
    [
        ("2026-02-01 17:48:35", TAKEN.stamped_at),
        ("2026-02-01T17:48:35", TAKEN.stamped_at),
        ("2026-02-01T17:48:35Z", TAKEN.stamped_at),
        ("2026-02-01T18:48:35+01:00", TAKEN.stamped_at),
        ("2026-02-01T17:48:35.250+00:00", TAKEN.stamped_at + 250),
        ("", NOW),
        ("yesterday", NOW),
        ("2026-02-01", NOW),
        ("2026-02-30 17:48:35", NOW),
        ("1770000515", NOW),
    ],
)
def test_the_stamp_is_read_and_without_one_it_was_sent_when_it_came(stamp: str, millis: int) -> None:
    assert inbound(SENT | {"message-timestamp": stamp}, NOW).stamped_at == millis


def test_a_stamp_without_an_offset_is_utc_wherever_the_service_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "UTC-9")
        time.tzset()
        stamped_at = inbound(SENT, NOW).stamped_at
    time.tzset()
    assert stamped_at == TAKEN.stamped_at


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({}, Part("7", 3, 2)),
        ({"concat-part": "3"}, Part("7", 3, 3)),
        ({"concat-total": "255", "concat-part": "001"}, Part("7", 255, 1)),
        ({"concat-total": "1", "concat-part": "1"}, None),
        ({"concat-total": "256"}, None),
        ({"concat-part": "4"}, None),
        ({"concat-part": "0"}, None),
        ({"concat-part": "-1"}, None),
        ({"concat-part": "2.0"}, None),
        ({"concat-part": "٢"}, None),
        ({"concat-part": "9" * 5000}, None),
        ({"concat-total": ""}, None),
        ({"concat-ref": ""}, None),
        ({"concat-ref": "r" * 201}, None),
        ({"concat": "false"}, None),
    ],
)
def test_odd_places_in_a_long_text_make_it_a_whole_one(changes: dict[str, str], part: Part | None) -> None:
    assert inbound(SENT | PART | changes, NOW) == replace(TAKEN, part=part)


def test_a_missing_message_id_is_derived_and_the_same_when_sent_again() -> None:
    first = without("messageId")
    again = first | {"timestamp": "1770000575", "nonce": "another", "sig": "11"}
    assert inbound(first, NOW).message_id == inbound(again, NOW + 60_000).message_id
    assert inbound(first, NOW).message_id == inbound(first | {"messageId": ""}, NOW).message_id


@pytest.mark.parametrize("key", ["msisdn", "to", "text", "message-timestamp", "concat-part"])
def test_a_derived_message_id_differs_with_what_was_sent(key: str) -> None:
    first = without("messageId") | PART
    assert inbound(first, NOW).message_id != inbound(first | {key: "447700900199"}, NOW).message_id


def test_a_derived_message_id_does_not_show_what_it_is_made_of() -> None:
    assert "7700900123" not in inbound(without("messageId"), NOW).message_id


@pytest.mark.parametrize(
    ("status", "kept"), [("DELIVERED", "delivered"), ("accepted", "accepted"), ("lost?", "unknown")]
)
def test_a_status_nobody_documented_is_unknown(status: str, kept: str) -> None:
    assert receipt(TOLD | {"status": status}, NOW) == replace(NOTED, status=kept)


def test_a_receipt_may_lack_client_ref_and_err_code() -> None:
    bare = {key: value for key, value in TOLD.items() if key not in ("client-ref", "err-code")}
    assert receipt(bare, NOW) == replace(NOTED, client_ref=None, err_code="")


@given(told=told)
def test_whatever_was_told_is_read_storably_or_refused(told: dict[str, str]) -> None:
    try:
        result = read(told, NOW)
    except NotAWebhook:
        return
    kept = [result.text or "", result.raw_sender] if isinstance(result, Inbound) else [result.err_code]
    for value in [*kept, result.message_id]:
        assert "\0" not in value
        value.encode()


@given(changes=st.dictionaries(st.sampled_from(["text", "type", "message-timestamp", *PART]), anything))
def test_whatever_a_text_says_beside_its_numbers_it_is_taken(changes: dict[str, str]) -> None:
    taken = inbound(SENT | changes, NOW)
    assert (taken.sender, taken.line, taken.message_id) == (TAKEN.sender, TAKEN.line, TAKEN.message_id)
