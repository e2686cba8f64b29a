"""Whether the promise of delivery was kept. Each check yields what is wrong; nothing, where all is well."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

from storage.model import Millis
from tests.people import ADMIN
from tests.simulator.assembly import house
from tests.simulator.evidence import Evidence, Row, Texted
from tests.simulator.history import each_change_is_right

MOST_IN_A_ROW, IN_A_ROW = 8, 10_000
FAILURES = {"failed", "rejected", "expired"}


def judge(evidence: Evidence) -> list[str]:
    return [f"{check.__name__}: {wrong}" for check in CHECKS for wrong in check(evidence)]


def nothing_vanishes(evidence: Evidence) -> Iterator[str]:
    """Each text taken has left a row that goes out because of it, or is kept; a part, at least its words."""
    causes = {row.cause for row in evidence.rows} | {kept.message_id for kept in evidence.kept}
    words = [row.text for row in evidence.rows if row.kind == "relay"] + [kept.text for kept in evidence.kept]
    answered = {text.text.part.ref for text in evidence.texts if text.text.part and text.text.message_id in causes}
    for each in evidence.texts:
        text = each.text
        if text.part is None and text.message_id not in causes:
            yield f"{text.message_id} {text.text!r}"
        elif (
            text.part is not None
            and not any(str(text.text) in each for each in words)
            and text.part.ref not in answered
        ):
            yield f"part {text.message_id} {text.text!r}"


def nothing_is_taken_twice(evidence: Evidence) -> Iterator[str]:
    fault = house().text("fault")
    for kind in ("relay", "reply"):
        rows = (row for row in evidence.rows if row.kind == kind and row.text != fault)
        counted = Counter(row.cause for row in rows if row.cause is not None)
        yield from (f"{cause} {count} times a {kind}" for cause, count in counted.items() if count > 1)


def nothing_is_kept_that_was_taken_before(evidence: Evidence) -> Iterator[str]:
    kept = Counter(each.message_id for each in evidence.kept)
    yield from (f"{message_id} kept {count} times" for message_id, count in kept.items() if count > 1)
    relayed = {row.cause for row in evidence.rows if row.kind == "relay"}
    yield from (f"{message_id} relayed and kept" for message_id in kept if message_id in relayed)
    faults = Counter(row.cause for row in evidence.rows if row.text == house().text("fault"))
    yield from (f"{cause} answered {count} times as a fault" for cause, count in faults.items() if count > 1)


def words_stay_as_they_were(evidence: Evidence) -> Iterator[str]:
    texts = {each.text.message_id: each.text for each in evidence.texts}
    for row in evidence.rows:
        text = texts.get(row.cause or "")
        if row.kind == "relay" and text is not None and text.part is None and row.text != text.text:
            yield f"{row} {row.text!r} is not {text.text!r}"
        for send in evidence.sent(row):
            if (send.line.e164(), send.recipient.e164(), send.text) != (row.line, row.recipient, row.text):
                yield f"{row} was sent otherwise"


def copies_are_few_and_marked(evidence: Evidence) -> Iterator[str]:
    for row in evidence.rows:
        copies = len(evidence.arrivals(row))
        if copies > 2 + evidence.resent[row.id] or (copies > 1 and not row.may_repeat):
            yield f"{row} arrived {copies} times, {'marked' if row.may_repeat else 'not marked'}"


def what_must_not_be_repeated_is_not(evidence: Evidence) -> Iterator[str]:
    """The confirmation of an opt-out, and what is known to have gone out in part."""
    for row in evidence.rows:
        if len(evidence.arrivals(row)) > 1 + evidence.resent[row.id] and row.text == house().text("opted_out"):
            yield f"{row}, a confirmation"
        for one, other in pairwise(evidence.sent(row)):
            if one.partly and one.by == other.by and not evidence.resent[row.id]:
                yield f"{row} after it went out in part"


def order_holds(evidence: Evidence) -> Iterator[str]:
    """First arrivals in each conversation come in the order in which they were decided; not so an operator's resend."""
    arrived = defaultdict(list)
    for row in evidence.rows:
        if (arrivals := evidence.arrivals(row)) and not evidence.resent[row.id]:
            arrived[row.conversation].append((arrivals[0].taken_at or 0, row))
    for conversation in arrived.values():
        for (earlier, row), (later, behind) in pairwise(conversation):
            if later < earlier:
                yield f"{behind} overtook {row}"


def acknowledged_order_holds(evidence: Evidence) -> Iterator[str]:
    """What one person texted after the acknowledgement of another text stands behind it."""
    relays = {row.cause: row for row in evidence.rows if row.kind == "relay"}
    by_seat: dict[object, list[Texted]] = defaultdict(list)
    for each in evidence.texts:
        if each.text.part is None and each.text.message_id in relays:
            by_seat[each.text.sender, each.text.line].append(each)
    for texts in by_seat.values():
        for one in texts:
            for other in texts:
                if one.taken_at < other.handed_at:
                    first, second = relays[one.text.message_id], relays[other.text.message_id]
                    if first.id > second.id:
                        yield f"{second} stands before {first}"


def nothing_waits_for_ever(evidence: Evidence) -> Iterator[str]:
    yield from (str(row) for row in evidence.rows if row.state in ("queued", "sending", "uncertain"))


def what_is_said_to_have_been_taken_was(evidence: Evidence) -> Iterator[str]:
    for row in evidence.rows:
        if row.state in ("accepted", "delivered", "undelivered") and not evidence.arrivals(row):
            yield f"{row} never left"


def what_has_arrived_is_delivered(evidence: Evidence) -> Iterator[str]:
    """Of texts that went out once and whole: with a repeat, either of two words may be the last."""
    for row, words in _heard_once(evidence):
        if all("delivered" in each for each in words) and row.state != "delivered":
            yield f"{row} is on the phone"


def what_is_called_delivered_has_arrived(evidence: Evidence) -> Iterator[str]:
    for row, words in _heard_once(evidence):
        if row.state == "delivered" and not all("delivered" in each for each in words):
            yield f"{row} is not on the phone as a whole"


def what_has_failed_is_not_called_accepted(evidence: Evidence) -> Iterator[str]:
    for row, words in _heard_once(evidence):
        failed = any(each.keys() & FAILURES and "delivered" not in each for each in words)
        if failed and row.state == "accepted":
            yield f"{row} has failed"


def _heard_once(evidence: Evidence) -> Iterator[tuple[Row, list[dict[str, Millis]]]]:
    for row in evidence.rows:
        arrivals = evidence.arrivals(row)
        if len(arrivals) == 1 and not arrivals[0].partly and row.state != "cancelled":
            yield row, [evidence.receipts.get(message_id, {}) for message_id in arrivals[0].message_ids]


def no_copy_is_needless(evidence: Evidence) -> Iterator[str]:
    """Once the service has taken a receipt for a text, it knows that it went out. An operator may want it again."""
    for row in evidence.rows:
        if evidence.resent[row.id]:
            continue
        for first, second in pairwise(evidence.sent(row)):
            heard = [at for each in first.message_ids for at in evidence.receipts.get(each, {}).values()]
            if heard and min(heard) < second.at:
                yield f"{row} was sent again {second.at - min(heard)} ms after a receipt for it"


def tries_are_not_spent_on_an_outage(evidence: Evidence) -> Iterator[str]:
    """No text is given up that met nothing else."""
    for row in evidence.rows:
        sends = evidence.sent(row)
        given_up = row.state == "dead" and (row.reason or "").startswith("given up")
        if given_up and all(send.excused for send in sends):
            yield f"{row} was given up after {len(sends)} sends, none of which failed for a reason of its own"


def tries_leave_a_pause(evidence: Evidence) -> Iterator[str]:
    for row in evidence.rows:
        sends = evidence.sent(row)
        for first, last in zip(sends, sends[MOST_IN_A_ROW:], strict=False):
            if last.at - first.at < IN_A_ROW:
                yield f"{row} was sent {MOST_IN_A_ROW + 1} times within {last.at - first.at} ms"
                break


def admins_are_answered(evidence: Evidence) -> Iterator[str]:
    answered = {row.cause for row in evidence.rows if row.kind == "reply"} | {each.message_id for each in evidence.kept}
    for each in evidence.texts:
        if each.text.sender == ADMIN and each.text.message_id not in answered:
            yield each.text.message_id


CHECKS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    nothing_vanishes,
    nothing_is_taken_twice,
    nothing_is_kept_that_was_taken_before,
    words_stay_as_they_were,
    copies_are_few_and_marked,
    what_must_not_be_repeated_is_not,
    order_holds,
    acknowledged_order_holds,
    nothing_waits_for_ever,
    what_is_said_to_have_been_taken_was,
    what_has_arrived_is_delivered,
    what_is_called_delivered_has_arrived,
    what_has_failed_is_not_called_accepted,
    no_copy_is_needless,
    tries_are_not_spent_on_an_outage,
    tries_leave_a_pause,
    admins_are_answered,
    each_change_is_right,
)
