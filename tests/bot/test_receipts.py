import pytest

from storage import people
from storage.engine import StorageError
from tests.people import ADMIN, ALICE, BOB, receipt
from tests.world import World

NOT_DELIVERED = "*0001 Private SMS: your last text was NOT delivered. You can send it again."


@pytest.fixture
async def sent(here: World) -> str:
    """The message id of a relay of ALICE's that Vonage has accepted."""
    await here.text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")
    await here.text(ALICE, "hello")
    return here.phones.sent[-1].message_id


async def test_a_text_that_did_not_arrive_is_said_to_its_sender_once(here: World, sent: str) -> None:
    assert await here.note(receipt(sent, "failed")) == [NOT_DELIVERED]
    assert await here.note(receipt(sent, "failed"), receipt(sent, "expired")) == []


async def test_a_text_that_arrived_is_not_spoken_of(here: World, sent: str) -> None:
    assert await here.note(receipt(sent, "buffered"), receipt(sent, "delivered")) == []
    assert (await here.states())[-1] == "delivered"


async def test_a_carriers_opt_out_becomes_ours(here: World, sent: str) -> None:
    await here.note(receipt(sent, "failed", err_code="9"))
    assert await people.opted_out(here.engine.reader, [BOB]) == {BOB}
    assert await here.text(ALICE, "hello?") == [
        "*0001 Private SMS: the other person is not receiving texts now. Your text was not delivered."
    ]


async def test_a_notice_that_did_not_arrive_is_told_to_nobody(here: World, sent: str) -> None:
    introduction = here.phones.sent[0].message_id
    assert await here.note(receipt(introduction, "failed")) == []


async def test_receipts_are_counted_by_status_and_no_stranger_adds_a_label(here: World, sent: str) -> None:
    await here.note(receipt(sent, "delivered"), receipt("nobody's", "n0nsense"))
    exposed = here.metrics.exposition().decode()
    assert 'private_sms_receipts_total{status="delivered"} 1.0' in exposed
    assert 'private_sms_receipts_total{status="other"} 1.0' in exposed
    assert "private_sms_orphan_receipts_total 1.0" in exposed


@pytest.mark.parametrize("earlier", ["failed", "delivered"])
async def test_a_carriers_opt_out_counts_whatever_was_said_before(here: World, sent: str, earlier: str) -> None:
    await here.note(receipt(sent, earlier))
    await here.note(receipt(sent, "rejected", err_code="9"))
    assert await people.opted_out(here.engine.reader, [BOB]) == {BOB}


def long(text: str) -> str:
    return text * 200  # two parts


async def under_way(here: World, text: str) -> str:
    """A text that is being sent when the run ends; its client-ref."""
    here.phones.open.clear()
    await here.text(ALICE, text)
    return here.phones.sent[-1].client_ref


async def test_what_an_earlier_run_was_sending_is_in_doubt(here: World, sent: str) -> None:
    await under_way(here, "one")
    assert await here.writer.do(here.proxy.receipts.take_over) == 1
    assert (await here.states())[-1] == "uncertain"


async def test_what_a_receipt_had_said_before_the_run_ended_still_counts(here: World, sent: str) -> None:
    ref = await under_way(here, "one")
    await here.note(receipt("p1", "delivered", ref=ref))
    await here.writer.do(here.proxy.receipts.take_over)
    assert (await here.states())[-1] == "delivered"


async def test_the_receipt_for_one_part_of_two_is_not_taken_for_all_of_it(here: World, sent: str) -> None:
    ref = await under_way(here, long("x"))
    await here.note(receipt("p1", "delivered", ref=ref))
    await here.writer.do(here.proxy.receipts.take_over)
    assert (await here.states())[-1] == "accepted"


async def test_a_receipt_that_cannot_be_stored_is_not_acknowledged(here: World, sent: str) -> None:
    async with here.engine.transaction() as tx:
        await tx.run("DROP TABLE orphan_receipt")
    with pytest.raises(StorageError):
        await here.handover.note(receipt("unknown", "failed"))
    assert here.writer.failing is not None
