"""Sentences about the context. No Qt."""

from dataclasses import dataclass
from typing import Literal

from app.chat.context.breakdown import Breakdown
from app.chat.context.larger import LargerContext
from app.chat.context.policy import Cut
from app.core.language import mark, tr
from app.core.units import count, gigabytes
from app.ui.chat.context.choices import Overflow
from app.ui.chat.context.entry import Omitted

Level = Literal["normal", "high", "full"]

_NEARLY_FULL = 0.85
_LEVELS: dict[Level, str] = {
    "normal": "",
    "high": mark("nearly full"),
    "full": mark("does not fit"),
}


@dataclass(frozen=True)
class Fill:
    """How full the context is. running: by an answer that is being written."""

    used: int
    total: int
    level: Level = "normal"
    exact: bool = True
    running: bool = False

    @property
    def word(self) -> str:
        return tr(_LEVELS[self.level]) if self.level != "normal" else ""

    @property
    def text(self) -> str:
        """`about 1,204 of 4,096 · nearly full`."""
        used = count(self.used) if self.exact else tr("about {used}", used=count(self.used))
        text = tr("{used} of {total}", used=used, total=count(self.total))
        return f"{text} · {self.word}" if self.word else text

    @property
    def short_text(self) -> str:
        share = tr("{percent}%", percent=round(100 * self.used / self.total))
        return f"{share} · {self.word}" if self.word else share

    @property
    def told(self) -> str:
        """The whole of it, for a tooltip."""
        about = "" if self.exact else tr("about") + " "
        values = {"about": about, "used": count(self.used), "total": count(self.total)}
        if self.running:
            text = tr("{about}{used} of {total} tokens of context are used.", **values)
        else:
            text = tr("The next prompt takes {about}{used} of {total} tokens.", **values)
        return " ".join(filter(None, (text, self.word and f"({self.word})")))


@dataclass(frozen=True)
class Row:
    """token: the colour."""

    label: str
    tokens: int
    token: str


def fill_of(breakdown: Breakdown) -> Fill:
    level: Level = "normal"
    if not breakdown.fits:
        level = "full"
    elif breakdown.used > _NEARLY_FULL * breakdown.context:
        level = "high"
    return Fill(breakdown.used, breakdown.context, level, breakdown.exact)


def live_fill(used: int, total: int) -> Fill:
    return Fill(used, total, "high" if used > _NEARLY_FULL * total else "normal", running=True)


def rows(found: Breakdown) -> list[Row]:
    """What takes something, in the order in which it stands in the prompt."""
    every = (
        Row(tr("System prompt"), found.system, "kv"),
        Row(tr("Tools"), found.tools, "work"),
        Row(tr("Summary of earlier messages"), found.summary, "accent"),
        Row(tr("Earlier messages"), found.history, "ram"),
        Row(tr("Attachments"), found.attachments, "warn"),
        Row(tr("Your question"), found.question, "gpu"),
        Row(tr("The answer so far"), found.begun, "ok"),
        Row(tr("Form of the chat"), found.form, "muted"),
    )
    return [row for row in every if row.tokens]


def percent(tokens: int, total: int) -> str:
    share = 100 * tokens / max(1, total)
    return tr("under 1%") if 0 < share < 1 else tr("{percent}%", percent=round(share))


def headline(state: Overflow) -> str:
    if state.work == "ready":
        return tr("It fits now.")
    return {
        "question": tr("This question does not fit into the context."),
        "turn": tr("The conversation does not fit into the context."),
        "answer": tr("The context is full, so the answer had to stop."),
    }[state.cause]


def explanation(state: Overflow) -> str:
    found = state.breakdown
    values = {
        "used": count(found.used),
        "least": count(found.least_answer),
        "context": count(found.context),
    }
    text = tr(
        "The prompt takes {used} tokens and an answer needs {least} at least; the context holds "
        "{context}.",
        **values,
    )
    if state.work == "looking":
        return text
    if state.work == "reloading":
        return tr("The model is loaded again with a larger context. The question goes on then.")
    if state.work == "summary":
        return tr("The model summarizes the oldest messages. You see it above as it is written.")
    if state.work == "ready":
        return tr(
            "The summary above takes the place of the oldest messages; you can edit it. The prompt "
            "takes {used} of {context} tokens now.",
            **values,
        )
    if state.cut is None:
        reason = (
            tr("It is too long even without earlier messages: shorten it or load a larger context.")
            if state.asked.messages
            else tr("Shorten it or load a larger context.")
        )
        return f"{text} {reason}"
    return text + " " + tr("Nothing was sent and nothing cut. What shall be done?")


def leave_out(cut: Cut) -> str:
    turns = (
        tr("the oldest question")
        if cut.turns == 1
        else tr("the {turns} oldest questions", turns=count(cut.turns))
    )
    return tr(
        "Leave out {turns} with their answers: frees {freed} tokens. They stay in the chat.",
        turns=turns,
        freed=count(cut.freed),
    )


def summarize(tokens: int) -> str:
    return tr(
        "Let the model summarize them; the summary goes in their place and takes up to {tokens} "
        "tokens. You see it before anything is sent.",
        tokens=count(tokens),
    )


def larger(one: LargerContext) -> str:
    more = max(0, one.more_bytes)
    text = tr("{size} tokens", size=count(one.context_tokens))
    return tr("{size}: {bytes} more memory", size=text, bytes=gigabytes(more))


def larger_speed(one: LargerContext) -> str:
    """How its speed compares, "" when nobody can tell."""
    now, then = one.now.speed, one.plan.speed
    if now is None or then is None:
        return ""
    before, after = now.generation_empty.expected, then.generation_empty.expected
    if round(before, 1) == round(after, 1):
        return tr("as fast as now, as predicted")
    return tr(
        "predicted {after} instead of {before} tokens/s",
        after=f"{after:.1f}",
        before=f"{before:.1f}",
    )


def omitted(entry: Omitted) -> str:
    number = entry.messages
    if entry.state == "writing":
        return tr("Summarizing the first {number} messages", number=count(number))
    if number == 1:
        return tr("1 earlier message is not sent")
    return tr("{number} earlier messages are not sent", number=count(number))


def summarized(entry: Omitted) -> str:
    which = (
        tr("first message")
        if entry.summarized == 1
        else tr("first {number} messages", number=count(entry.summarized))
    )
    text = tr("Summary of the {which}, sent in their place", which=which)
    if not entry.cut_off:
        return text
    return " · ".join((text, tr("cut off at its longest length")))
