from bot.incidents import ONCE_IN, Incidents
from tests.world import World


async def audited(here: World) -> list[tuple[str, str]]:
    await here.writer.do(nothing)
    rows = await here.engine.reader.rows("SELECT who, what FROM audit ORDER BY id")
    return [(who, what) for who, what in rows]


async def nothing(tx: object) -> None:
    pass


async def test_an_incident_goes_to_the_audit_log_and_the_same_not_again_for_a_while(here: World) -> None:
    incidents = Incidents(here.writer, here.clock)
    for _ in range(3):
        incidents.note("too many wrong tokens", who="api")
    incidents.note("wrong signatures", who="webhooks")
    assert await audited(here) == [("api", "too many wrong tokens"), ("webhooks", "wrong signatures")]
    here.now += ONCE_IN
    incidents.note("too many wrong tokens", who="api")
    assert len(await audited(here)) == 3


async def test_a_store_that_takes_nothing_breaks_nothing(here: World) -> None:
    incidents = Incidents(here.writer, here.clock)
    here.writer.stop()
    incidents.note("too many wrong tokens", who="api")
    for task in list(incidents._writing):
        await task
    assert await here.engine.reader.rows("SELECT id FROM audit") == []
