"""Opt-outs that do not wait for the service: by Vonage's Opt-Out Assist, and by the carriers of toll-free numbers."""

from __future__ import annotations

import re

from bot.emulator.account import Account
from commands.gsm import Encoding

TOLL_FREE = re.compile(r"\+1(?:800|833|844|855|866|877|888)\d{7}")

ASSIST_OUT = frozenset({"STOP", "END", "QUIT", "CANCEL", "UNSUBSCRIBE"})
ASSIST_IN = frozenset({"START", "UNSTOP"})
ASSIST_SAYS = (
    "You are unsubscribed and will get no more texts from this number. Text START to come back.",
    "You are subscribed again and will get texts from this number. Text STOP to end them.",
)

NETWORK_OUT = frozenset({"STOP"})
NETWORK_IN = frozenset({"UNSTOP", "START"})
NETWORK_SAYS = (
    'NETWORK MSG: You replied with the word "stop" which blocks all texts sent from this number. '
    'Text back "unstop" to receive messages again.',
    'NETWORK MSG: You have replied "unstop" and will begin receiving messages again from this number.',
)


def hear(account: Account, phone: str, line: str, text: str) -> None:
    """Block or unblock the sender on this line, and answer. The text goes on to the service whatever happens here."""
    if TOLL_FREE.fullmatch(line):
        out, back, says = NETWORK_OUT, NETWORK_IN, NETWORK_SAYS
    elif account.profile.opt_out_assist:
        out, back, says = ASSIST_OUT, ASSIST_IN, ASSIST_SAYS
    else:
        return
    word, seat = text.strip().upper(), (line, phone)
    if word in out:
        account.blocked.add(seat)
        account.receive(phone, line, says[0], Encoding.GSM)
    elif word in back and seat in account.blocked:
        account.blocked.discard(seat)
        account.receive(phone, line, says[1], Encoding.GSM)
