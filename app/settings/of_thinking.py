"""How the model thinks, and what it does when it has nothing else to do."""

from app.core.language import mark
from app.settings.fields import Number, Shown, Switch
from app.settings.setting import Setting, read_switch, read_tokens, same

LARGEST_BUDGET = 1_048_576

THINKING: Setting[bool] = Setting(
    "thinking",
    True,
    mark("Thinking"),
    mark("Lets the model reason before it answers. A chat or a persona can have it otherwise."),
    read_switch,
    same,
    Shown("Chat", Switch(), "reasoning"),
)
THINKING_BUDGET: Setting[int] = Setting(
    "thinking_budget_tokens",
    0,
    mark("Thinking budget"),
    mark("How many tokens the model may think for in one turn, before it has to answer."),
    read_tokens,
    same,
    Shown(
        "Chat",
        Number(0, LARGEST_BUDGET, mark("tokens"), mark("no limit"), 1, 256),
        mark("reasoning limit length answer now"),
    ),
)
KEEP_REASONING: Setting[bool] = Setting(
    "keep_reasoning",
    False,
    mark("Keep earlier thinking"),
    mark("Shows the model its thinking of earlier answers again. The context fills up sooner."),
    read_switch,
    same,
    Shown("Chat", Switch(), mark("reasoning drop old thoughts prompt context")),
)
MODEL_TITLES: Setting[bool] = Setting(
    "model_titles",
    True,
    mark("Titles by the model"),
    mark("Lets the model name a chat after its first answer, when nothing else is to be done."),
    read_switch,
    same,
    Shown("Chat", Switch(), mark("names of chats rename automatic")),
)
