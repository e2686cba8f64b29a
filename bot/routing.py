"""What an inbound text means. Pure: no await, no clock, no database; values in, a decision out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from commands import grammar, words
from commands.destinations import Destinations
from commands.durations import DAY
from commands.grammar import Item, Reading, Spoken
from commands.leakguard import Rules, guard
from commands.table import TABLE
from storage.model import Inbound, Millis, Seat, Side, Standing
from storage.number import Number
from storage.outbox import PAUSED
from storage.people import STRANGER

OVER_DAILY = "over the limit of the day"
STALE = "perhaps meant for somebody else"
CHANGEOVER = "not told of somebody new yet"  # or so soon after the old chat that they may not have noticed
HELD = frozenset({OVER_DAILY, PAUSED})  # why a text was kept that would have gone through
MOST_ANSWERS = 3  # a day, of all kinds, to somebody in no chat: as one, as help, after an opt-out


@dataclass(frozen=True, slots=True)
class Ground:
    """What routing knows besides the sender: our lines, how numbers are written here, what time it is, the limits."""

    lines: frozenset[Number]
    region: str | None
    now: Millis
    destinations: Destinations = field(default_factory=Destinations)
    daily: int = 0  # texts of one person a day; 0: no limit
    strangers_left: int = 1  # answers that may still be given to strangers
    rules: Rules = field(default_factory=Rules)  # of the leak guard, in chats without their own


@dataclass(frozen=True, slots=True)
class Relay:
    """To be passed on, word for word but for what the leak guard has hidden.

    The sender is to be told, `hint`: that STOP works, as it sounded like an opt-out; `masked`: that something was
    hidden; `warned`: that something stands in it which somebody should mind.
    """

    chat: int
    side: Side
    to: Seat
    text: str = field(repr=False)
    hint: bool = False
    masked: bool = False
    warned: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A text of the catalogue, back to the sender. `kept`: why their own text went nowhere. `once`: at most daily."""

    key: str
    kept: str | None = None
    once: str | None = None


@dataclass(frozen=True, slots=True)
class OptOut:
    """`silent`: why it is obeyed without an answer."""

    silent: str | None = None


@dataclass(frozen=True, slots=True)
class OptIn:
    silent: str | None = None


@dataclass(frozen=True, slots=True)
class Speak:
    """The sender is to be texted in that language from now on."""

    language: str
    silent: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """An admin's commands, in their order; lines that failed to be one are answered in their place."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """Kept and counted; nobody is told."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    """The loop breaker's word: that side of the chat looks as if two machines were texting each other."""

    chat: int
    side: Side
    why: str


Decision = Relay | Answer | OptOut | OptIn | Speak | Run | Keep | Pause
Rule = Callable[[Inbound, Standing, Ground], Decision | None]


def route(text: Inbound, standing: Standing, ground: Ground) -> Decision:
    for rule in RULES:
        if (decision := rule(text, standing, ground)) is not None:
            return decision
    return Keep("nobody to pass it on to")


def _not_ours(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    return Keep("not one of our lines") if text.line not in ground.lines else None


def _not_a_phone(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    # Answering a short code, or ourselves, is how two machines begin to text each other for ever.
    if text.sender is None:
        return Keep("sender is not a phone")
    return Keep("sender is one of our lines") if text.sender in ground.lines else None


def _opt_out_word(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if text.text is None or not words.is_opt_out(text.text):
        return None
    if standing.is_admin:
        return None if _read(text.text, ground).is_command else Answer("admin_stop", kept="an admin's opt-out word")
    if standing.opted_out:
        return Keep("had opted out before")
    return OptOut(_unanswered(text, standing, ground))


def _over_daily(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if not ground.daily or standing.chat is None or standing.texts_today < ground.daily:
        return None
    if _help_or_command(text, standing, ground) is not None:
        return None
    told = standing.opted_out or standing.held_today > 0
    return Keep(OVER_DAILY) if told else Answer("over_daily", kept=OVER_DAILY)


def _help_or_command(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    """What an admin asks of us, which no limit holds up."""
    if not standing.is_admin:
        return None
    asked = _language_word(text, standing, ground) or _help_word(text, standing, ground)
    return asked or _command(text, standing, ground)


def _blocked(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if not standing.blocked or standing.is_admin or _opt_in_word(text, standing, ground) is not None:
        return None
    return Keep("blocked")


def _opt_in_word(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if text.text is None:
        return None
    if words.is_opt_in(text.text) or (standing.opted_out and words.is_yes(text.text)):
        return OptIn(_unanswered(text, standing, ground))
    return None


def _language_word(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if text.text is None or (asked := words.language_asked(text.text)) is None:
        return None
    if standing.opted_out:
        why = "asked for a language while opted out"
        return Keep(why) if asked.code is None else Speak(asked.code, silent=why)
    if (why_not := _unanswered(text, standing, ground)) is not None:
        return Keep(why_not)
    if asked.code is not None:
        return Speak(asked.code)
    return Answer("language_unknown" if asked.named else "languages")


def _help_word(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if text.text is None or not words.is_help(text.text):
        return None
    if standing.is_admin:
        return Run(_read("HELP", ground).items)
    if standing.opted_out:
        return Keep("asked for help while opted out")
    if (why := _unanswered(text, standing, ground)) is not None:
        return Keep(why)
    return Answer("help_person" if standing.chat is None else "help_person_chat")


def _command(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if not standing.is_admin or _is_blank(text.text) or text.text is None:
        return None
    if grammar.undotted(text.text) is not None:
        return None
    reading = _read(text.text, ground)
    if grammar.is_forced(text.text) or standing.chat is None:
        return Run(reading.items)
    if not reading.is_command or (_is_code(reading) and not standing.code_pending):
        return None
    return Run(reading.items)


def _paused(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if standing.chat is None or not standing.paused:
        return None
    return Keep(PAUSED) if standing.opted_out or standing.told_paused else Answer("chat_paused", kept=PAUSED)


def _no_text(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if standing.chat is None or standing.opted_out:
        return None
    if text.text is None:
        return Answer("not_text", kept="not a text")
    return Answer("empty_text", kept="empty") if _is_blank(text.text) else None


def _stale(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    """Written to whom the sender texted with here before: as far as they knew, or as far as we can tell."""
    if standing.chat is None:
        return None
    if standing.fresh_from is not None and text.stamped_at <= standing.fresh_from:
        key, kept = "chat_over", STALE
    elif not standing.introduced or (standing.guarded_until is not None and text.stamped_at <= standing.guarded_until):
        key, kept = "someone_new", CHANGEOVER
    else:
        return None
    return Keep(kept) if standing.opted_out else Answer(key, kept=kept)


def _relay(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if standing.chat is None or standing.side is None or standing.partner is None:
        return None
    if text.text is None or _is_blank(text.text):
        return None
    if standing.partner_opted_out:
        return _to_somebody_gone(standing)
    undotted = grammar.undotted(text.text) if standing.is_admin else None
    return _guarded(undotted or text.text, text, standing, ground)


def _admin_without_chat(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    return Answer("admin_no_chat", kept="admin in no chat") if standing.is_admin and standing.chat is None else None


def _stranger(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    if standing.chat is not None:
        return None
    if standing.opted_out:
        return Keep("had opted out before")
    if _told_today(standing.told_stranger_at, ground):
        return Keep("stranger")
    if (why := _unanswered(text, standing, ground)) is not None:
        return Keep(why)
    return Answer("stranger", kept="stranger", once=STRANGER)


RULES: tuple[Rule, ...] = (
    _not_ours,
    _not_a_phone,
    _opt_out_word,
    _blocked,
    _over_daily,
    _opt_in_word,
    _language_word,
    _help_word,
    _command,
    _paused,
    _no_text,
    _stale,
    _relay,
    _admin_without_chat,
    _stranger,
)


def _unanswered(text: Inbound, standing: Standing, ground: Ground) -> str | None:
    """Why no money is spent on an answer to somebody in no chat of ours; None: it is."""
    if standing.chat is not None or standing.is_admin or text.sender is None:
        return None
    if not ground.strangers_left:
        return "stranger: too many of them"
    if standing.answers_today >= MOST_ANSWERS:
        return "stranger: answered enough today"
    barred = ground.destinations.barred(text.sender)
    return None if barred is None else f"stranger: {barred}"


def _to_somebody_gone(standing: Standing) -> Decision:
    kept = "the other person has opted out"
    return Keep(kept) if standing.opted_out else Answer("partner_not_receiving", kept=kept)


def _guarded(words_on: str, text: Inbound, standing: Standing, ground: Ground) -> Relay:
    assert standing.chat is not None
    assert standing.side is not None
    assert standing.partner is not None
    assert text.sender is not None
    found = guard(words_on, (text.sender, standing.partner.number), ground.rules.of_chat(standing.guard))
    answered = not standing.opted_out
    hint = words.hints_at_opt_out(words_on) and answered and not standing.is_admin
    return Relay(
        standing.chat, standing.side, standing.partner, found.text,
        hint=hint and not _told_today(standing.told_stop_at, ground),
        masked=bool(found.masked) and answered,
        warned=bool(found.warned) and answered and not _told_today(standing.told_guard_at, ground),
    )  # fmt: skip


def _read(text: str, ground: Ground) -> Reading:
    return grammar.read(text, ground.region, TABLE)


def _is_blank(text: str | None) -> bool:
    return text is not None and not words.plain(text).strip()


def _is_code(reading: Reading) -> bool:
    return any(isinstance(item, Spoken) and item.command.verb == "OK" for item in reading.items)


def _told_today(at: Millis | None, ground: Ground) -> bool:
    return at is not None and at > ground.now - DAY
