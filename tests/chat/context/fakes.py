"""A tokenizer that can be reckoned with: a token for each special token and for each letter."""

import re
from dataclasses import dataclass, field

from app.core.prompt import Prompt
from app.engine.protocol import Counted
from tests.chat.scripted import SPECIAL, ScriptedEngine

_PIECES = re.compile("|".join(re.escape(token) for token in SPECIAL) + "|.", re.DOTALL)


def tokens(text: str) -> int:
    return len(_PIECES.findall(text))


@dataclass
class CountingEngine(ScriptedEngine):
    """asked: what was counted, segment by segment."""

    asked: list[str] = field(default_factory=list)
    opening: int = 0

    def counted(self, prompt: Prompt) -> Counted:
        self.asked += prompt.segments
        sizes = tuple(tokens(segment) for segment in prompt.segments)
        before = self.opening if prompt.add_bos else 0
        return Counted(1, before + sum(sizes), sizes)
