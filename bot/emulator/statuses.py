"""The statuses of Vonage's SMS API: what each means, and the words that go with it on the wire."""

from __future__ import annotations

STATUSES = {
    "1": "too many texts a second",
    "2": "a parameter is missing",
    "3": "a parameter is invalid",
    "4": "key and secret are wrong",
    "5": "internal error",
    "6": "the message cannot be routed",
    "7": "the number is barred",
    "8": "the account is barred",
    "9": "no credit is left",
    "10": "too many connections",
    "11": "the account may not use HTTP",
    "12": "the text is too long",
    "13": "communication failed",
    "14": "the signature is wrong",
    "15": "the sender is not allowed",
    "16": "the time to live is invalid",
    "17": "the number cannot be reached",
    "18": "too many destinations",
    "19": "the facility is not allowed",
    "20": "the message class is invalid",
    "22": "the network code is invalid",
    "23": "the callback URL is invalid",
    "29": "a trial account may not text this number",
    "32": "both signature and secret were sent",
    "33": "the number is de-activated",
    "34": "the msisdn is invalid",
    "101": "the recipient opted out of the campaign",
    "102": "the campaign is bad",
    "103": "the number is none of the campaign's",
}

PLEASE_WAIT = "Throughput Rate Exceeded - please wait [ {} ] and retry"

# The error-text that goes with a status; where nobody wrote down Vonage's own, it is in Vonage's manner.
WORDS = {
    "1": PLEASE_WAIT.format(702),
    "2": "Missing to param",
    "3": "Invalid value for parameter: to",
    "4": "Bad Credentials",
    "5": "Internal Error",
    "6": "Unroutable message - rejected",
    "7": "Number barred",
    "8": "Partner account barred",
    "9": "Quota Exceeded - rejected",
    "10": "Too many existing binds",
    "11": "Account not enabled for HTTP",
    "12": "Message Too Long",
    "13": "Communication failed",
    "14": "Invalid Signature",
    "15": "Illegal Sender Address - rejected",
    "16": "Invalid TTL",
    "17": "Number unreachable",
    "18": "Too many destinations",
    "19": "Facility not allowed",
    "20": "Invalid message class",
    "22": "Invalid network code",
    "23": "Invalid callback url",
    "29": "Non White-listed Destination - rejected",
    "32": "Signature And API Secret Disallowed",
    "33": "Number de-activated",
    "34": "Invalid msisdn",
    "101": "Recipient has opted out",
    "102": "Invalid campaign short code",
    "103": "Invalid campaign number",
}


class Refused(Exception):
    """Vonage does not take the text; `status` and the message are what it answers."""

    def __init__(self, status: str, text: str | None = None) -> None:
        super().__init__(WORDS[status] if text is None else text)
        self.status = status
