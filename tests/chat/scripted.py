"""An engine that says what it was told to say."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from app.core.cancel import CancelToken
from app.core.paths import resources_dir
from app.core.prompt import Prompt
from app.core.sampling import Sampling
from app.dialect.template import ChatTemplate
from app.engine.protocol import Finished, FinishReason, PromptProgress, Stats, TextChunk

SPECIAL = ("[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")


@dataclass(frozen=True)
class Reply:
    """before: called with the number of the chunk that comes next, on the turn's thread."""

    text: str
    reason: FinishReason = "end"
    error: Exception | None = None
    before: Callable[[int], None] = lambda _number: None


@dataclass
class ScriptedEngine:
    replies: Sequence[Reply]
    chunk: int = 5
    prompts: list[Prompt] = field(default_factory=list)
    samplings: list[Sampling] = field(default_factory=list)

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken
    ) -> Iterator[PromptProgress | TextChunk | Finished]:
        index = len(self.prompts)
        self.prompts.append(prompt)
        self.samplings.append(sampling)
        assert index < len(self.replies), "the turn asked once too often"
        reply = self.replies[index]
        if reply.error is not None and not reply.text:
            raise reply.error
        yield PromptProgress(1, 100, 100, 40, 1000.0)
        pieces = [reply.text[i : i + self.chunk] for i in range(0, len(reply.text), self.chunk)]
        for number, piece in enumerate(pieces):
            reply.before(number)
            if cancel.cancelled:
                yield Finished(1, "cancelled", stats(number))
                return
            yield TextChunk(1, piece, number + 1)
        if reply.error is not None:
            raise reply.error
        yield Finished(1, reply.reason, stats(len(pieces)))


def stats(generated: int) -> Stats:
    return Stats(100, 40, generated, 1000.0, 50.0, 0.1, 100 + generated, 4096, 7)


def glm_template() -> ChatTemplate:
    source = (resources_dir() / "templates" / "GLM-4.6.jinja").read_text(encoding="utf-8")
    return ChatTemplate(source, special_tokens=SPECIAL)


def call(name: str, **arguments: str) -> str:
    pairs = "".join(
        f"<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n"
        for key, value in arguments.items()
    )
    return f"\n<tool_call>{name}\n{pairs}</tool_call>"
