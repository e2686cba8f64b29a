from dataclasses import replace

import pytest

from bot.routing import (
    CHANGEOVER,
    OVER_DAILY,
    STALE,
    Answer,
    Decision,
    Ground,
    Keep,
    OptIn,
    OptOut,
    Relay,
    Run,
    Speak,
    route,
)
from commands.destinations import Destinations
from commands.durations import DAY
from commands.grammar import Misspoken, Spoken
from commands.leakguard import Rules
from storage.model import Guard, Inbound, Seat, Side, Standing
from storage.number import Number
from storage.outbox import PAUSED
from storage.people import STRANGER
from tests.commands.phrasings import ALL, Must
from tests.people import ADMIN, ALICE, BOB, LINE, NOON, OTHER_LINE, inbound

GROUND = Ground(lines=frozenset({LINE}), region=None, now=NOON)
NOWHERE = Standing()
IN_CHAT = Standing(chat=12, side=Side.A, partner=Seat(BOB, LINE))
OPTED_OUT = replace(IN_CHAT, opted_out=True)
PARTNER_GONE = replace(IN_CHAT, partner_opted_out=True)
ADMIN_IN_CHAT = replace(IN_CHAT, is_admin=True)
ADMIN_ALONE = Standing(is_admin=True)


def decide(text: str | None, standing: Standing) -> Decision:
    return route(inbound(ADMIN if standing.is_admin else ALICE, text), standing, GROUND)


def relayed(text: str, *, hint: bool = False) -> Relay:
    return Relay(12, Side.A, Seat(BOB, LINE), text, hint)


ORDINARY = [
    "hello",
    "helpful of you",
    "2024 was a good year",
    "we have got to STOP this bill",
    "End of story",
    "YES",
    "PAIR those two for me",
    "END 12",
    "  spaces kept  ",
    "“smart” quotes — kept…",
    "OK 4821",
    "/help",
    ".dotted",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_a_persons_text_is_relayed_word_for_word(text: str) -> None:
    assert decide(text, IN_CHAT) == relayed(text)


@pytest.mark.parametrize(
    "text", ["STOP", "End", "end.", "Stop. Thank you", "ＳＴＯＰ", "stop\u200b", "arrêt", "Cancel!"]
)
@pytest.mark.parametrize("standing", [IN_CHAT, NOWHERE, PARTNER_GONE])
def test_an_opt_out_word_opts_out_wherever_the_person_stands(text: str, standing: Standing) -> None:
    assert decide(text, standing) == OptOut()


def test_a_second_opt_out_is_not_answered() -> None:
    assert decide("STOP", OPTED_OUT) == Keep("had opted out before")


@pytest.mark.parametrize("text", ["START", "unstop", "Subscribe"])
@pytest.mark.parametrize("standing", [IN_CHAT, NOWHERE, OPTED_OUT])
def test_an_opt_in_word_opts_in(text: str, standing: Standing) -> None:
    assert decide(text, standing) == OptIn()


def test_each_phrasing_is_obeyed_or_relayed_with_or_without_a_hint() -> None:
    def meant(text: str, must: Must) -> Decision:
        return OptOut() if must is Must.OPT_OUT else relayed(text, hint=must is Must.HINT)

    said = [each for each in ALL if each[0].strip()]
    assert [(text, must) for text, must in said if decide(text, IN_CHAT) != meant(text, must)] == []


@pytest.mark.no_cover  # other tests cover it, and it would take three times as long
def test_no_phrasing_opts_an_admin_out() -> None:
    for standing in (ADMIN_ALONE, ADMIN_IN_CHAT):
        assert [text for text, _ in ALL if isinstance(decide(text, standing), OptOut)] == []


@pytest.mark.parametrize("standing", [IN_CHAT, NOWHERE, ADMIN_IN_CHAT, ADMIN_ALONE, PARTNER_GONE])
def test_a_language_is_chosen_and_never_relayed(standing: Standing) -> None:
    assert decide("#LANG es", standing) == Speak("es")
    assert decide("#lang", standing) == Answer("languages")
    assert decide("#lang xx", standing) == Answer("language_unknown")


def test_who_has_opted_out_may_choose_a_language_and_hears_nothing() -> None:
    why = "asked for a language while opted out"
    assert decide("#LANG es", OPTED_OUT) == Speak("es", silent=why)
    assert decide("#LANG", OPTED_OUT) == decide("#LANG xx", OPTED_OUT) == Keep(why)
    assert decide("#LANG de", replace(NOWHERE, opted_out=True)) == Speak("de", silent=why)


def test_a_language_costs_a_stranger_an_answer_and_somebody_blocked_gets_none() -> None:
    assert decide("#LANG es", replace(NOWHERE, answers_today=3)) == Keep("stranger: answered enough today")
    assert under(NO_ANSWERS, "#LANG es", NOWHERE) == Keep("stranger: too many of them")
    assert decide("#LANG es", BLOCKED) == Keep("blocked")
    assert under(DAILY, "#LANG es", FULL) == Answer("over_daily", kept=OVER_DAILY)
    assert under(DAILY, "#LANG es", replace(FULL, is_admin=True)) == Speak("es")


def test_yes_opts_in_only_somebody_who_had_opted_out() -> None:
    assert decide("yes", OPTED_OUT) == OptIn()
    assert decide("yes", IN_CHAT) == relayed("yes")


@pytest.mark.parametrize(("standing", "key"), [(IN_CHAT, "help_person_chat"), (NOWHERE, "help_person")])
@pytest.mark.parametrize("text", ["HELP", "info", "?"])
def test_help_is_answered_and_not_relayed(text: str, standing: Standing, key: str) -> None:
    assert decide(text, standing) == Answer(key)


def test_nothing_is_answered_to_somebody_who_opted_out() -> None:
    assert decide("HELP", OPTED_OUT) == Keep("asked for help while opted out")
    assert decide("hello", replace(NOWHERE, opted_out=True)) == Keep("had opted out before")
    gone_too = replace(OPTED_OUT, partner_opted_out=True)
    assert decide("hello", gone_too) == Keep("the other person has opted out")


def test_a_text_to_somebody_who_opted_out_is_answered_without_saying_why() -> None:
    assert decide("hello", PARTNER_GONE) == Answer("partner_not_receiving", kept="the other person has opted out")


def test_what_sounds_like_an_opt_out_is_relayed_with_a_hint_once_a_day() -> None:
    assert decide("stop texting me", IN_CHAT) == relayed("stop texting me", hint=True)
    told = replace(IN_CHAT, told_stop_at=NOON - DAY + 1)
    assert decide("stop texting me", told) == relayed("stop texting me")
    assert decide("stop texting me", replace(told, told_stop_at=NOON - DAY)) == relayed("stop texting me", hint=True)


def test_a_stranger_is_answered_once_a_day() -> None:
    assert decide("hello", NOWHERE) == Answer("stranger", kept="stranger", once=STRANGER)
    assert decide("hello", Standing(told_stranger_at=NOON - DAY + 1)) == Keep("stranger")
    assert decide("hello", Standing(told_stranger_at=NOON - DAY)) == Answer("stranger", kept="stranger", once=STRANGER)


@pytest.mark.parametrize(("text", "key"), [("", "empty_text"), (" \u200b\n", "empty_text"), (None, "not_text")])
def test_what_cannot_be_relayed_is_said_to_be_so(text: str | None, key: str) -> None:
    decision = decide(text, IN_CHAT)
    assert isinstance(decision, Answer)
    assert decision.key == key
    assert decision.kept is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (replace(inbound(ALICE, "STOP"), sender=None, raw_sender="VODAFONE"), "sender is not a phone"),
        (inbound(LINE, "hello"), "sender is one of our lines"),
        (inbound(ALICE, "hello", line=OTHER_LINE), "not one of our lines"),
    ],
)
def test_what_is_no_persons_text_to_us_is_kept_and_never_answered(text: Inbound, reason: str) -> None:
    assert route(text, IN_CHAT, GROUND) == Keep(reason)


@pytest.mark.parametrize(
    "text",
    [
        "pair +447700900001 +447700900002",
        "Pair +1 (415) 555-0100 and +44 7700 900123 as job7 for 2h",
        "END",
        "end 12",
        "close job7",
        "END +447700900001",
        "END ALL",
        "LIST",
        "list job",
        "SAY 12 hello",
        "TELL 12A hello",
        "status",
        "HELP",
        "help pair",
        "?",
        "whoami",
        "/status",
        "STATUS\nLIST",
    ],
)
@pytest.mark.parametrize("standing", [ADMIN_ALONE, ADMIN_IN_CHAT])
def test_an_admins_command_is_run_whether_in_a_chat_or_not(text: str, standing: Standing) -> None:
    decision = decide(text, standing)
    assert isinstance(decision, Run)
    assert decision.items
    assert all(isinstance(item, Spoken) for item in decision.items)


@pytest.mark.parametrize("text", ["pair of shoes?", "show me", "status quo", "the end\nof it", "OK 4821", "hello"])
def test_an_admin_in_a_chat_is_relayed_where_no_command_fits(text: str) -> None:
    assert decide(text, ADMIN_IN_CHAT) == relayed(text)


def test_a_dot_forces_a_relay_and_is_not_passed_on() -> None:
    assert decide(".END 12", ADMIN_IN_CHAT) == relayed("END 12")
    assert decide("...and then?", ADMIN_IN_CHAT) == relayed("...and then?")


def test_a_dot_does_not_make_an_admins_opt_out_word_one() -> None:
    assert decide(".stop", ADMIN_IN_CHAT) == relayed("stop")


def test_a_slash_forces_a_command_even_a_wrong_one() -> None:
    decision = decide("/pair of shoes", ADMIN_IN_CHAT)
    assert isinstance(decision, Run)
    assert isinstance(decision.items[0], Misspoken)


@pytest.mark.parametrize("text", ["pair of shoes?", "PIAR +447700900001 +447700900002", "good morning"])
def test_an_admin_in_no_chat_is_answered_what_was_wrong(text: str) -> None:
    decision = decide(text, ADMIN_ALONE)
    assert isinstance(decision, Run)
    assert [type(item) for item in decision.items] == [Misspoken]


def test_an_admins_opt_out_word_is_answered_and_changes_nothing() -> None:
    assert decide("STOP", ADMIN_IN_CHAT) == Answer("admin_stop", kept="an admin's opt-out word")


def test_a_code_is_a_command_only_while_one_is_pending() -> None:
    pending = replace(ADMIN_IN_CHAT, code_pending=True)
    assert isinstance(decide("OK 4821", pending), Run)
    assert isinstance(decide("OK 4821", ADMIN_ALONE), Run)
    assert decide("OK 4821", ADMIN_IN_CHAT) == relayed("OK 4821")


BLOCKED = replace(IN_CHAT, blocked=True)


@pytest.mark.parametrize(
    "text", ["hello", "HELP", "?", "PAIR +447700900001 +447700900002", "", None, "stop texting me", "yes"]
)
@pytest.mark.parametrize("standing", [BLOCKED, replace(NOWHERE, blocked=True), replace(BLOCKED, texts_today=10**6)])
def test_a_text_of_somebody_blocked_is_dropped_and_they_are_not_told(text: str | None, standing: Standing) -> None:
    assert decide(text, standing) == Keep("blocked")


def test_somebody_blocked_may_still_opt_out_and_in() -> None:
    assert isinstance(decide("STOP", BLOCKED), OptOut)
    assert isinstance(decide("START", BLOCKED), OptIn)
    assert isinstance(decide("yes", replace(BLOCKED, opted_out=True)), OptIn)


def test_an_admin_who_was_blocked_before_is_none_the_less_heard() -> None:
    assert isinstance(decide("LIST", replace(ADMIN_IN_CHAT, blocked=True)), Run)


def test_a_command_a_person_may_not_use_does_not_exist() -> None:
    assert decide("END ALL", NOWHERE) == Answer("stranger", kept="stranger", once=STRANGER)


@pytest.mark.parametrize("number", [ALICE, BOB])
def test_a_relay_goes_to_the_partner_on_the_partners_own_line(number: Number) -> None:
    standing = replace(IN_CHAT, partner=Seat(number, OTHER_LINE))
    assert decide("hi", standing) == Relay(12, Side.A, Seat(number, OTHER_LINE), "hi")


DAILY = replace(GROUND, daily=200)
FULL = replace(IN_CHAT, texts_today=200)


def under(ground: Ground, text: str | None, standing: Standing) -> Decision:
    return route(inbound(ADMIN if standing.is_admin else ALICE, text), standing, ground)


@pytest.mark.parametrize("text", ["hello", "HELP", "START", "", None, "END 12"])
def test_what_is_above_the_limit_of_the_day_is_kept_and_told_once(text: str | None) -> None:
    assert under(DAILY, text, FULL) == Answer("over_daily", kept=OVER_DAILY)
    assert under(DAILY, text, replace(FULL, held_today=1)) == Keep(OVER_DAILY)
    assert under(DAILY, text, replace(FULL, opted_out=True)) == Keep(OVER_DAILY)


@pytest.mark.parametrize("standing", [IN_CHAT, replace(FULL, texts_today=199)])
def test_below_it_a_text_passes(standing: Standing) -> None:
    assert under(DAILY, "hello", standing) == relayed("hello")


def test_without_a_limit_of_the_day_any_number_of_texts_passes() -> None:
    assert under(GROUND, "hello", replace(FULL, texts_today=10**6)) == relayed("hello")


def test_stop_is_obeyed_above_the_limit() -> None:
    assert under(DAILY, "STOP", FULL) == OptOut()


@pytest.mark.parametrize("text", ["HELP", "STATUS", "END 12", "/pair of shoes"])
def test_an_admins_commands_pass_above_the_limit(text: str) -> None:
    assert isinstance(under(DAILY, text, replace(FULL, is_admin=True)), Run)


def test_an_admins_relay_does_not() -> None:
    assert under(DAILY, "hello", replace(FULL, is_admin=True)) == Answer("over_daily", kept=OVER_DAILY)


def test_a_paused_chat_keeps_what_is_texted_and_tells_each_once() -> None:
    paused = replace(IN_CHAT, paused=True)
    assert decide("hello", paused) == Answer("chat_paused", kept=PAUSED)
    assert decide("hello", replace(paused, told_paused=True)) == Keep(PAUSED)
    assert decide("hello", replace(paused, opted_out=True)) == Keep(PAUSED)
    assert decide("STOP", paused) == OptOut()
    assert isinstance(decide("RESUME 12", replace(paused, is_admin=True)), Run)


NO_ANSWERS = replace(GROUND, strangers_left=0)
ELSEWHERE = replace(GROUND, destinations=Destinations(frozenset({"IE"})))


@pytest.mark.parametrize(
    ("ground", "standing", "why"),
    [
        (NO_ANSWERS, NOWHERE, "stranger: too many of them"),
        (GROUND, replace(NOWHERE, answers_today=3), "stranger: answered enough today"),
        (ELSEWHERE, NOWHERE, "stranger: country not allowed"),
    ],
)
def test_no_money_is_spent_on_a_stranger_beyond_a_limit(ground: Ground, standing: Standing, why: str) -> None:
    assert under(ground, "hello", standing) == Keep(why)
    assert under(ground, "HELP", standing) == Keep(why)
    assert under(ground, "STOP", standing) == OptOut(silent=why)
    assert under(ground, "START", replace(standing, opted_out=True)) == OptIn(silent=why)


@pytest.mark.parametrize("ground", [NO_ANSWERS, ELSEWHERE])
def test_who_is_in_a_chat_is_answered_and_relayed_whatever_strangers_do(ground: Ground) -> None:
    assert under(ground, "hello", IN_CHAT) == relayed("hello")
    assert under(ground, "HELP", IN_CHAT) == Answer("help_person_chat")
    assert under(ground, "STOP", replace(IN_CHAT, answers_today=9)) == OptOut()
    assert isinstance(under(ground, "LIST", ADMIN_ALONE), Run)


def guarded(text: str, standing: Standing = IN_CHAT, **rules: Guard) -> Relay:
    decision = route(inbound(ALICE, text), standing, replace(GROUND, rules=Rules(**rules)))
    assert isinstance(decision, Relay)
    return decision


@pytest.mark.parametrize("policy", Guard)
def test_ones_own_number_and_the_others_are_hidden_whatever_is_set(policy: Guard) -> None:
    relay = guarded("I am ０７７００ ９００００１, you +447700900002?", numbers=policy, links=policy)
    assert relay.text == "I am ***** ******, you +************?"
    assert (relay.masked, relay.warned) == (True, False)


@pytest.mark.parametrize(
    ("own", "text", "masked", "warned"),
    [
        (None, "ring ***** ******", True, False),
        (Guard.OFF, "ring 07700 900456", False, False),
        (Guard.WARN, "ring 07700 900456", False, True),
    ],
)
def test_a_chats_own_guard_counts_before_the_settings(own: Guard | None, text: str, masked: bool, warned: bool) -> None:
    relay = guarded("ring 07700 900456", replace(IN_CHAT, guard=own))
    assert (relay.text, relay.masked, relay.warned) == (text, masked, warned)


def test_a_sender_is_warned_once_a_day() -> None:
    told = replace(IN_CHAT, told_guard_at=NOON - DAY + 1)
    assert not guarded("ring 07700 900456", told, numbers=Guard.WARN).warned
    assert guarded("ring 07700 900456", replace(told, told_guard_at=NOON - DAY), numbers=Guard.WARN).warned


def test_who_has_opted_out_is_not_told_that_something_was_hidden() -> None:
    relay = guarded("I am 07700 900001, stop texting me", OPTED_OUT)
    assert (relay.text, relay.masked, relay.hint) == ("I am ***** ******, stop texting me", False, False)


def test_what_follows_an_admins_dot_is_guarded_too() -> None:
    decision = route(inbound(ADMIN, ".07700 900002"), ADMIN_IN_CHAT, GROUND)
    assert decision == replace(relayed("***** ******"), masked=True)


# --- whom a text was meant for: nobody else's late text is passed on ----------------------------------------------

FRESH = replace(IN_CHAT, fresh_from=NOON)  # somebody else was there until then
GUARDED = replace(FRESH, guarded_until=NOON + 5000)
UNTOLD = replace(FRESH, introduced=False)
OVER, NEW = Answer("chat_over", kept=STALE), Answer("someone_new", kept=CHANGEOVER)


@pytest.mark.parametrize(
    ("standing", "stamped_at", "decision"),
    [
        (IN_CHAT, 0, relayed("hello")),
        (FRESH, NOON - DAY, OVER),
        (FRESH, NOON, OVER),
        (FRESH, NOON + 1, relayed("hello")),
        (GUARDED, NOON, OVER),
        (GUARDED, NOON + 1, NEW),
        (GUARDED, NOON + 5000, NEW),
        (GUARDED, NOON + 5001, relayed("hello")),
        (UNTOLD, NOON, OVER),
        (UNTOLD, NOON + 1, NEW),
        (UNTOLD, NOON + 30 * DAY, NEW),
        (replace(UNTOLD, partner_opted_out=True), NOON, OVER),
        (replace(FRESH, opted_out=True), NOON, Keep(STALE)),
        (replace(UNTOLD, opted_out=True), NOON + 1, Keep(CHANGEOVER)),
        (replace(FRESH, is_admin=True), NOON, OVER),
    ],
)
def test_what_may_have_been_meant_for_somebody_else_is_sent_back(
    standing: Standing, stamped_at: int, decision: Decision
) -> None:
    assert route(inbound(ALICE, "hello", at=stamped_at), standing, GROUND) == decision


@pytest.mark.parametrize(
    ("text", "decision"), [("STOP", OptOut()), ("START", OptIn()), ("HELP", Answer("help_person_chat"))]
)
@pytest.mark.parametrize("standing", [FRESH, GUARDED, UNTOLD])
def test_what_is_said_to_us_is_said_to_us_whoever_the_partner_is(
    standing: Standing, text: str, decision: Decision
) -> None:
    assert route(inbound(ALICE, text, at=NOON), standing, GROUND) == decision


def test_an_admins_command_is_no_late_text() -> None:
    assert isinstance(route(inbound(ADMIN, "STATUS", at=NOON), replace(UNTOLD, is_admin=True), GROUND), Run)


def test_a_late_text_of_a_paused_chat_is_held_like_others_and_an_empty_one_is_empty() -> None:
    assert decide("hello", replace(UNTOLD, paused=True)) == Answer("chat_paused", kept=PAUSED)
    assert decide("", UNTOLD) == Answer("empty_text", kept="empty")
