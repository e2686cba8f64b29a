"""Faults of the service that the simulation has found and that are not mended yet: counted, but no reason to fail."""

from __future__ import annotations

# By the name of the check that finds them; to be taken away with the mending.
KNOWN = {
    "no_copy_is_needless": "a receipt that came while a text was being sent is forgotten when that run falls",
    "what_has_arrived_is_delivered": "the same, where the text must not be repeated, or not once more",
    "what_is_called_delivered_has_arrived": "how many parts a text has is not known when the run that sent it falls",
    "nothing_is_kept_that_was_taken_before": "a repeat that meets a fault is kept as if it had never been taken",
    "tries_leave_a_pause": "in an account's trouble, a probe that meets another one is followed by the next at once",
}


def news(wrong: list[str]) -> list[str]:
    return [each for each in wrong if each.split(":")[0] not in KNOWN]
