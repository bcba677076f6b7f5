"""A chat's title, written by the model. Blocks: for worker threads."""

import re
from collections.abc import Sequence
from dataclasses import replace

from app.chat.round import Engine
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.core.messages import Message, user
from app.core.sampling import GREEDY
from app.dialect.events import TextDelta
from app.engine.protocol import TextChunk

LONGEST = 60
_MOST_TOKENS = 40
_MOST_WORDS = 12
_REQUEST = (
    "Write a title for our chat so far, for a list of chats: two to six words that say what it is "
    "about, in the language of the chat. Write nothing but the title, on one line, without "
    "quotation marks."
)
_LABEL = re.compile(
    r"^(?:chat )?(?:title|titel|titre|título|标题|タイトル)\s*[:：]\s*", re.IGNORECASE
)
_AROUND = " \t*_#`\"'“”„‟«»‹›‘’「」『』《》【】()[]-–—.。!！,，;；:：…"


class TitleWriter:
    """Holds nothing between calls."""

    def __init__(self, engine: Engine, runner: TurnRunner) -> None:
        self._engine = engine
        self._runner = runner

    def write(self, history: Sequence[Message], options: TurnOptions, cancel: CancelToken) -> str:
        """For a conversation that ends with an answer; "" when the model came up with none.

        The prompt is that of the conversation with one more question, so that what the engine has
        read stays good for the next one. There is no thinking. Raises KnownError, Cancelled.
        """
        asked = self._runner.spelled((*history, user(_REQUEST)), options, answer_now=True)
        reader = self._runner.new_reader(asked.prompt, options)
        reader.feed(asked.begun)
        sampling = replace(GREEDY.sampling, max_tokens=_MOST_TOKENS)
        written = ""
        stop = CancelToken()
        cancel.on_cancel(stop.cancel)
        for event in self._engine.generate(asked.prompt, sampling, stop):
            if isinstance(event, TextChunk):
                found = reader.feed(event.text)
                written += "".join(one.text for one in found if isinstance(one, TextDelta))
                if "\n" in written.strip():
                    stop.cancel()
        if cancel.cancelled:
            raise Cancelled
        late = reader.finish(complete=not stop.cancelled)
        written += "".join(one.text for one in late if isinstance(one, TextDelta))
        return title_in(written)


def title_in(written: str) -> str:
    """What of it can stand in a list; "" for nothing, or for what is no title."""
    line = next((line for line in written.splitlines() if line.strip()), "")
    plain = "".join(char if char.isprintable() else " " for char in line)
    title = " ".join(plain.split()).strip(_AROUND)
    title = _LABEL.sub("", title).strip(_AROUND)
    if len(title.split()) > _MOST_WORDS or not any(char.isalnum() for char in title):
        return ""
    if len(title) <= LONGEST:
        return title
    cut = title[:LONGEST]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut[LONGEST // 2 :] else cut}…"
