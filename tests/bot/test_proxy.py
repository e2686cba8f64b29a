from tests.people import ADMIN, ALICE, BOB
from tests.world import World


async def test_what_is_put_together_carries_a_conversation(here: World) -> None:
    await here.text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")
    assert await here.text(ALICE, "hello") == ["*0002 hello"]


async def test_what_counts_is_one_registry_for_all_of_it(here: World) -> None:
    await here.text(ALICE, "hello")
    shown = here.proxy.metrics.exposition().decode()
    assert 'private_sms_texts_in_total{meaning="answer"} 1.0' in shown
    assert 'private_sms_sends_total{outcome="accepted"} 1.0' in shown
