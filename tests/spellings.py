"""Three hundred ways to write a telephone number, sixty manners of five numbers, and those that nobody could find."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from storage.number import Number

Manner = Callable[[Number], str]

# Of the United Kingdom, the United States, Canada, Jamaica and Puerto Rico; all are fictional.
NUMBERS = tuple(map(Number, ("+447700900123", "+12125550142", "+16135550110", "+18765550199", "+17875550163")))
ARABIC, DEVANAGARI, WIDE, BOLD = "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"
CIRCLED, RAISED = "⓪①②③④⑤⑥⑦⑧⑨", "⁰¹²³⁴⁵⁶⁷⁸⁹"
KEYCAP = "\ufe0f\u20e3"


def national(number: Number) -> str:
    return number.digits().removeprefix(str(number.country_code))


def dialled(number: Number) -> str:
    """As at home: with the trunk 0, where there is one."""
    return "0" + national(number) if number.country_code == 44 else national(number)


def by(size: int, joint: str) -> Manner:
    def spell(number: Number) -> str:
        digits = dialled(number)
        return joint.join(digits[start : start + size] for start in range(0, len(digits), size))

    return spell


def spaced(joint: str) -> Manner:
    return lambda number: joint.join(dialled(number))


def script(digits: str) -> Manner:
    return lambda number: dialled(number).translate(str.maketrans("0123456789", digits))


def within(before: str, after: str = "") -> Manner:
    return lambda number: f"{before}{dialled(number)}{after}"


def split(words: str, at: int = 5) -> Manner:
    return lambda number: f"{dialled(number)[:at]}{words}{dialled(number)[at:]}"


MANNERS: tuple[Manner, ...] = (
    lambda number: number.e164(),
    lambda number: number.digits(),
    lambda number: "00" + number.digits(),
    lambda number: "011" + number.digits(),
    dialled,
    national,
    lambda number: f"+{number.country_code} {national(number)}",
    lambda number: f"+{number.country_code}(0){national(number)}",
    lambda number: f"+{number.country_code} (0) {national(number)[:4]} {national(number)[4:]}",
    lambda number: f"({dialled(number)[:3]}) {dialled(number)[3:6]}-{dialled(number)[6:]}",
    lambda number: f"tel:{number.e164()}",
    lambda number: f"https://wa.me/{number.digits()}",
    lambda number: f"sms:{number.e164()}?body=hi",
    lambda number: f"＋{number.digits()}",
    lambda number: f"plus {number.country_code} then {national(number)}",
    by(2, " "), by(3, " "), by(4, " "), by(3, "."), by(3, "-"), by(4, "/"), by(2, ","), by(5, "  "), by(3, "\n"),
    by(3, "\u00a0"), by(3, "\u200b"), by(2, "\u2060"), by(3, "–"), by(3, "·"), by(2, "_"), by(3, "*"),
    by(3, "'"), by(1, "\u200d"), by(3, " | "), by(3, " 📞 "), by(2, ") ("),
    spaced(" "), spaced("."), spaced("-"), spaced("\u00ad"), spaced("\n"), spaced(" , "), spaced("_"), spaced("  "),
    script(ARABIC), script(DEVANAGARI), script(RAISED), script(WIDE), script(BOLD), script(CIRCLED),
    lambda number: "".join(digit + KEYCAP for digit in dialled(number)),
    within("call me: "), within("my number is ", ". ok?"), within("(", ")"), within("x", "x"), within("No:", "!"),
    split(" and then "), split(" (that was the first half) "), split("...", at=4), split(" -> ", at=6),
)  # fmt: skip

WORDS = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# No digits, or not these, or not in one text: the guard promises nothing about them.
HOPELESS: dict[str, Manner] = {
    "in words": lambda number: " ".join(WORDS[int(digit)] for digit in dialled(number)),
    "in letters for digits": lambda number: dialled(number).translate(str.maketrans("015", "OlS")),
    "in Chinese": script("〇一二三四五六七八九"),
    "on a keypad": script("+ADGJMPTWZ"),
    "in dots of Braille": script("⠚⠁⠃⠉⠙⠑⠋⠛⠓⠊"),
    "backwards": lambda number: national(number)[::-1],
    "each digit one more": script("1234567890"),
    "with digits strewn in": lambda number: "9".join(dialled(number)),
    "as a web address spells it": lambda number: "".join(f"%3{digit}" for digit in dialled(number)),
    "the first half in one text": lambda number: dialled(number)[:6],
    "the second half in another": lambda number: dialled(number)[6:],
}


def spellings() -> Iterator[tuple[Number, str]]:
    for number in NUMBERS:
        for manner in MANNERS:
            yield number, manner(number)
