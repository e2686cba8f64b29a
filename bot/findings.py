"""What `check` finds: a line for each thing that is right, risky or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"  # the service could not work


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    about: str
    says: str

    def __str__(self) -> str:
        return f"{self.verdict:<8} {self.about:<9} {self.says}"


def ok(about: str, says: str) -> Finding:
    return Finding(Verdict.OK, about, says)


def warning(about: str, says: str) -> Finding:
    return Finding(Verdict.WARNING, about, says)


def problem(about: str, says: str) -> Finding:
    return Finding(Verdict.PROBLEM, about, says)
