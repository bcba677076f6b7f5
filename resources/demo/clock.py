"""Questions for the clock: here, in a city, or together with something else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import arithmetic
from conversations import Call, Step, Turn

if TYPE_CHECKING:
    from random import Random

CITIES: tuple[tuple[str, str, str, str], ...] = (
    ("Shanghai", "上海", "Asia/Shanghai", "CST"),
    ("Beijing", "北京", "Asia/Shanghai", "CST"),
    ("Hong Kong", "香港", "Asia/Hong_Kong", "HKT"),
    ("Taipei", "台北", "Asia/Taipei", "CST"),
    ("Tokyo", "东京", "Asia/Tokyo", "JST"),
    ("Seoul", "首尔", "Asia/Seoul", "KST"),
    ("Singapore", "新加坡", "Asia/Singapore", "+08"),
    ("Bangkok", "曼谷", "Asia/Bangkok", "+07"),
    ("Delhi", "德里", "Asia/Kolkata", "IST"),
    ("Mumbai", "孟买", "Asia/Kolkata", "IST"),
    ("Dubai", "迪拜", "Asia/Dubai", "+04"),
    ("Moscow", "莫斯科", "Europe/Moscow", "MSK"),
    ("Istanbul", "伊斯坦布尔", "Europe/Istanbul", "+03"),
    ("Berlin", "柏林", "Europe/Berlin", "CET"),
    ("Vienna", "维也纳", "Europe/Vienna", "CET"),
    ("Zurich", "苏黎世", "Europe/Zurich", "CEST"),
    ("Paris", "巴黎", "Europe/Paris", "CET"),
    ("Madrid", "马德里", "Europe/Madrid", "CEST"),
    ("Rome", "罗马", "Europe/Rome", "CET"),
    ("Amsterdam", "阿姆斯特丹", "Europe/Amsterdam", "CEST"),
    ("Stockholm", "斯德哥尔摩", "Europe/Stockholm", "CET"),
    ("London", "伦敦", "Europe/London", "GMT"),
    ("Cairo", "开罗", "Africa/Cairo", "EET"),
    ("Lagos", "拉各斯", "Africa/Lagos", "WAT"),
    ("New York", "纽约", "America/New_York", "EST"),
    ("Toronto", "多伦多", "America/Toronto", "EDT"),
    ("Chicago", "芝加哥", "America/Chicago", "CST"),
    ("Los Angeles", "洛杉矶", "America/Los_Angeles", "PST"),
    ("San Francisco", "旧金山", "America/Los_Angeles", "PDT"),
    ("Sao Paulo", "圣保罗", "America/Sao_Paulo", "-03"),
    ("Sydney", "悉尼", "Australia/Sydney", "AEDT"),
    ("Auckland", "奥克兰", "Pacific/Auckland", "NZDT"),
)
# Cities that are passed on as they are written: the tool knows most of them by name.
_OTHERS = [
    "Oslo",
    "Lisbon",
    "Prague",
    "Warsaw",
    "Athens",
    "Helsinki",
    "Dublin",
    "Budapest",
    "Nairobi",
    "Lima",
    "Denver",
    "Jakarta",
    "Manila",
    "Karachi",
    "Tehran",
    "Copenhagen",
    "Brussels",
    "Bogota",
    "Havana",
    "Honolulu",
    "Casablanca",
    "Johannesburg",
    "Riga",
]
_LOCAL_NAMES = (
    "UTC",
    "UTC",
    "CET (Europe/Berlin)",
    "CEST (Europe/Paris)",
    "CST (Asia/Shanghai)",
    "CST (UTC+08:00)",
    "EST (America/New_York)",
    "PDT (America/Los_Angeles)",
    "JST (Asia/Tokyo)",
    "GMT (Europe/London)",
    "BST (Europe/London)",
    "IST (Asia/Kolkata)",
    "UTC+05:30",
    "UTC-03:00",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TAGE = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")

HERE = {
    "en": (
        "What time is it?",
        "What is the time?",
        "What time is it now?",
        "Can you tell me the time?",
        "What's the time right now?",
        "Tell me the time.",
        "current time",
        "Do you know what time it is?",
    ),
    "zh": (
        "现在几点？",
        "现在几点了？",
        "现在是什么时间？",
        "几点了？",
        "告诉我现在的时间",
        "现在时间",
    ),
}
DATE = {
    "en": (
        "What day is it today?",
        "What is today's date?",
        "What date is it?",
        "Which day of the week is it?",
        "Today's date, please.",
        "What is the date today?",
    ),
    "zh": ("今天几号？", "今天是星期几？", "今天是什么日期？", "今天星期几？", "今天几月几号？"),
}
THERE = {
    "en": (
        "What time is it in {c}?",
        "What is the time in {c}?",
        "What's the time in {c} now?",
        "Tell me the time in {c}.",
        "time in {c}",
        "How late is it in {c}?",
        "current time in {c}",
    ),
    "zh": (
        "{c}现在几点？",
        "现在{c}几点了？",
        "{c}现在是什么时间？",
        "{c}的时间是多少？",
        "{c}几点了？",
    ),
}
TWO = {
    "en": (
        "What time is it in {c} and in {d}?",
        "Tell me the time in {c} and {d}.",
        "What is the time in {c} and {d}?",
        "time in {c} and {d}",
    ),
    "zh": ("{c}和{d}现在几点？", "{c}和{d}分别是几点？", "告诉我{c}和{d}的时间"),
}
WITH_SUM = {
    "en": (
        "What time is it, and what is {e}?",
        "Tell me the time and calculate {e}.",
        "What is {e}, and what time is it?",
    ),
    "zh": ("现在几点？{e}等于多少？", "告诉我时间，再算一下{e}", "{e}等于多少？现在几点？"),
}
_ASK = {
    "en": "I cannot know the time by myself. The current_time tool can tell it.",
    "zh": "我自己不知道时间，可以用 current_time 工具。",
}
_TELL = {
    "en": "The clock has answered, so I pass it on.",
    "zh": "工具给出了时间，我直接告诉用户。",
}
_FAILED = {
    "en": "The clock reported an error, so I say what it was.",
    "zh": "时间工具报告了错误，我说明原因。",
}
_BOTH = {
    "en": "There are two questions. I make one call for each.",
    "zh": "这里有两个问题，我分别调用一次工具。",
}


def _moment(rng: Random) -> datetime:
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - only digits to copy, no real moment
    return start + timedelta(seconds=rng.randint(0, 10 * 365 * 86400))


def _result(moment: datetime, abbreviation: str, zone: str = "") -> str:
    where = f" ({zone})" if zone else ""
    return f"{moment:%Y-%m-%d %H:%M:%S} {abbreviation}{where}, {_DAYS[moment.weekday()]}"


def _said(language: str, moment: datetime, city: str, abbreviation: str, date: bool) -> str:
    if language == "zh":
        day = _TAGE[moment.weekday()]
        if date:
            return f"今天是 {moment:%Y-%m-%d}，**{day}**。"
        where = f"{city}现在是" if city else "现在是"
        tail = "" if city else f"（{abbreviation.split()[0]}）"
        return f"{where} **{moment:%H:%M}**，{moment:%Y-%m-%d}，{day}{tail}。"
    day = _DAYS[moment.weekday()]
    if date:
        return f"Today is **{day}**, {moment:%Y-%m-%d}."
    where = f"In {city} it is" if city else "It is"
    tail = "" if city else f" ({abbreviation.split()[0]})"
    return f"{where} **{moment:%H:%M}** on {day}, {moment:%Y-%m-%d}{tail}."


def turn(rng: Random, language: str) -> Turn:
    moment = _moment(rng)
    draw = rng.random()
    if draw < 0.45:
        date = draw < 0.18
        text = rng.choice(DATE[language] if date else HERE[language])
        name = rng.choice(_LOCAL_NAMES)
        value, answer = _result(moment, name), _said(language, moment, "", name, date)
        call = Call("current_time")
    else:
        english, chinese, zone, name = rng.choice(CITIES)
        city = chinese if language == "zh" else english
        asked = zone
        if draw > 0.96:
            city = zone
        elif draw > 0.86 and language == "en":
            city = asked = rng.choice(_OTHERS) if draw > 0.9 else place(rng)
        text = rng.choice(THERE[language]).format(c=city)
        value, answer = _result(moment, name, zone), _said(language, moment, city, name, False)
        call = Call("current_time", {"timezone": asked})
        if rng.random() < 0.06:
            value = f"Error: there is no time zone {asked}; {_hint(rng)}"
    last = Step(_TELL[language], answer)
    if value.startswith("Error"):
        last = Step(_FAILED[language], arithmetic.failed(language, value))
    first = Step(_ASK[language], calls=(call,), results=(value,))
    return Turn("time", text, (first, last), language)


def place(rng: Random) -> str:
    """A name that no map has."""
    parts = ("Bor", "Kel", "Mar", "Tan", "Vel", "Ros", "Lin", "dor", "ham", "burg", "ville", "ia")
    return "".join(rng.choices(parts, k=rng.randint(2, 3))).capitalize()


def _hint(rng: Random) -> str:
    if rng.random() < 0.5:
        return "use a name such as Europe/Berlin"
    return f"did you mean {rng.choice(CITIES)[2]}?"


def two_cities(rng: Random, language: str) -> Turn:
    cities = rng.sample(CITIES, 2)
    spoken = [city[1] if language == "zh" else city[0] for city in cities]
    moments = [_moment(rng), _moment(rng)]
    text = rng.choice(TWO[language]).format(c=spoken[0], d=spoken[1])
    calls = tuple(Call("current_time", {"timezone": city[2]}) for city in cities)
    results = tuple(
        _result(moment, city[3], city[2]) for moment, city in zip(moments, cities, strict=True)
    )
    parts = [
        _said(language, moment, name, "", False)
        for moment, name in zip(moments, spoken, strict=True)
    ]
    answer = (" " if language == "en" else "").join(parts)
    steps = (Step(_BOTH[language], calls=calls, results=results), Step(_TELL[language], answer))
    return Turn("two cities", text, steps, language)


def with_sum(rng: Random, language: str) -> Turn:
    a, b, operator = arithmetic.number(rng), arithmetic.number(rng), rng.choice("+-*/")
    expression = f"{a} {operator} {b}"
    template = rng.choice(WITH_SUM[language])
    moment, name, value = _moment(rng), rng.choice(_LOCAL_NAMES), arithmetic.result(rng)
    clock = (Call("current_time"), _result(moment, name), _said(language, moment, "", name, False))
    total = (
        Call("calculator", {"expression": expression}),
        value,
        arithmetic.said(language, expression, value),
    )
    sum_first = language == "en" and template.startswith("What is {e}")
    sum_first = sum_first or template.startswith("{e}")
    order = (total, clock) if sum_first else (clock, total)
    first = Step(
        _BOTH[language], calls=(order[0][0], order[1][0]), results=(order[0][1], order[1][1])
    )
    answer = (" " if language == "en" else "").join((order[0][2], order[1][2]))
    steps = (first, Step(_TELL[language], answer))
    return Turn("time and sum", template.format(e=expression), steps, language)
