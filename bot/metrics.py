"""What is counted and measured, for Prometheus. No label comes from a person or a request."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """One registry for each application, so that two in one process do not count together."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.texts_in = Counter(
            "private_sms_texts_in", "Inbound texts by what they meant", ["meaning"], registry=self.registry
        )
        self.repeats = Counter("private_sms_repeats", "Webhooks whose message id was known", registry=self.registry)
        self.sends = Counter(
            "private_sms_sends", "Tries to send a text, by their outcome", ["outcome"], registry=self.registry
        )
        self.kept = Counter(
            "private_sms_texts_kept",
            "Inbound texts that went nowhere, by the reason",
            ["reason"],
            registry=self.registry,
        )
        self.texts_today = Gauge("private_sms_texts_today", "Texts that left on this day (UTC)", registry=self.registry)
        self.money_today = Gauge(
            "private_sms_money_today", "What they cost, in the account's currency", registry=self.registry
        )
        self.receipts = Counter(
            "private_sms_receipts", "Delivery receipts by status", ["status"], registry=self.registry
        )
        self.orphan_receipts = Counter(
            "private_sms_orphan_receipts", "Receipts that fit no text", registry=self.registry
        )
        self.refused = Counter("private_sms_webhooks_refused", "Webhooks refused", ["why"], registry=self.registry)
        self.faults = Counter("private_sms_faults", "Faults of our own, by place", ["place"], registry=self.registry)
        self.waiting = Gauge("private_sms_outbox", "Texts in the outbox by state", ["state"], registry=self.registry)
        self.oldest = Gauge(
            "private_sms_outbox_oldest_seconds", "Age of the oldest queued text", registry=self.registry
        )
        self.chats = Gauge("private_sms_open_chats", "Open chats", registry=self.registry)
        self.send_seconds = Histogram(
            "private_sms_send_seconds", "How long Vonage took to answer a send", registry=self.registry
        )

    def exposition(self) -> bytes:
        return generate_latest(self.registry)
