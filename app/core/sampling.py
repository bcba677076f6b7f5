"""Every sampling parameter, declared once: type, neutral value, bounds, label and help."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from app.core.language import mark

Mirostat = Literal[0, 1, 2]

# llama.cpp's default order (common_params_sampling::samplers); temperature stands for the dynamic
# one too. Mirostat replaces all but token bias and temperature, as in llama.cpp.
SamplerName = Literal[
    "penalties", "dry", "top_n_sigma", "top_k", "typical_p", "top_p", "min_p", "xtc", "temperature"
]
DEFAULT_ORDER: tuple[SamplerName, ...] = get_args(SamplerName)


@dataclass(frozen=True)
class Range:
    """minimum and maximum are inclusive; step and decimals are for a spin box."""

    minimum: float
    maximum: float
    step: float
    decimals: int


@dataclass(frozen=True)
class Declaration:
    """How a parameter is shown. neutral is the value at which the sampler does nothing."""

    label: str
    help: str
    neutral: object
    range: Range | None = None
    group: str = mark("Basic")


def _declare(
    default: Any,  # noqa: ANN401 - the field's own annotation is the type
    label: str,
    help_text: str,
    *,
    neutral: object,
    bounds: tuple[float, float, float, int] | None = None,
    group: str = "Basic",
) -> Any:  # noqa: ANN401
    declaration = Declaration(label, help_text, neutral, Range(*bounds) if bounds else None, group)
    return field(default=default, metadata={"declaration": declaration})


@dataclass(frozen=True)
class Sampling:
    """The sampler chain of one answer. Defaults are the GLM makers' general advice."""

    temperature: float = _declare(
        1.0,
        mark("Temperature"),
        mark(
            "How freely the next token is chosen. Lower is more predictable; 0 "
            "always takes the most likely token."
        ),
        neutral=1.0,
        bounds=(0.0, 5.0, 0.05, 2),
    )
    top_p: float = _declare(
        1.0,
        mark("Top P"),
        mark("Keeps the most likely tokens whose probabilities add up to this much."),
        neutral=1.0,
        bounds=(0.0, 1.0, 0.01, 3),
    )
    top_k: int = _declare(
        0,
        mark("Top K"),
        mark("Keeps only this many of the most likely tokens."),
        neutral=0,
        bounds=(0, 1000, 1, 0),
    )
    min_p: float = _declare(
        0.0,
        mark("Min P"),
        mark("Drops tokens less likely than this share of the most likely one."),
        neutral=0.0,
        bounds=(0.0, 1.0, 0.01, 3),
    )
    max_tokens: int = _declare(
        0,
        mark("Longest answer"),
        mark(
            "Stops the answer after this many tokens, thinking included. 0 means "
            "until the context is full."
        ),
        neutral=0,
        bounds=(0, 1_048_576, 64, 0),
    )
    seed: int | None = _declare(
        None,
        mark("Seed"),
        mark(
            "The same seed with the same settings and prompt gives the same text. "
            "Empty means a new one each time."
        ),
        neutral=None,
        bounds=(0, 4_294_967_294, 1, 0),
    )
    stop: tuple[str, ...] = _declare(
        (),
        mark("Stop strings"),
        mark("The answer ends before any of these texts, one per line."),
        neutral=(),
    )
    typical_p: float = _declare(
        1.0,
        mark("Typical P"),
        mark("Keeps tokens about as surprising as the text usually is."),
        neutral=1.0,
        bounds=(0.0, 1.0, 0.01, 3),
        group=mark("More filters"),
    )
    top_n_sigma: float = _declare(
        -1.0,
        mark("Top n sigma"),
        mark("Keeps tokens whose score is within this many standard deviations of the best."),
        neutral=-1.0,
        bounds=(-1.0, 10.0, 0.1, 2),
        group=mark("More filters"),
    )
    xtc_probability: float = _declare(
        0.0,
        mark("XTC probability"),
        mark("How often the most obvious tokens are left out, for more varied writing."),
        neutral=0.0,
        bounds=(0.0, 1.0, 0.05, 2),
        group=mark("More filters"),
    )
    xtc_threshold: float = _declare(
        0.1,
        mark("XTC threshold"),
        mark("Tokens above this probability count as obvious for XTC. Above 0.5 turns it off."),
        neutral=1.0,
        bounds=(0.0, 1.0, 0.05, 2),
        group=mark("More filters"),
    )
    dynatemp_range: float = _declare(
        0.0,
        mark("Dynamic temperature range"),
        mark("Lets the temperature move by this much up and down with the model's certainty."),
        neutral=0.0,
        bounds=(0.0, 5.0, 0.05, 2),
        group=mark("More filters"),
    )
    dynatemp_exponent: float = _declare(
        1.0,
        mark("Dynamic temperature exponent"),
        mark("How certainty turns into temperature within that range."),
        neutral=1.0,
        bounds=(0.1, 5.0, 0.1, 2),
        group=mark("More filters"),
    )
    repeat_last_n: int = _declare(
        64,
        mark("Repetition window"),
        mark(
            "How many of the last tokens the penalties look at. 0 turns them off, -1 "
            "takes the whole context."
        ),
        neutral=0,
        bounds=(-1, 1_048_576, 16, 0),
        group=mark("Repetition"),
    )
    repeat_penalty: float = _declare(
        1.0,
        mark("Repetition penalty"),
        mark("Makes tokens that occurred in the window less likely."),
        neutral=1.0,
        bounds=(0.5, 3.0, 0.05, 2),
        group=mark("Repetition"),
    )
    frequency_penalty: float = _declare(
        0.0,
        mark("Frequency penalty"),
        mark("Takes this much off a token's score for each time it occurred."),
        neutral=0.0,
        bounds=(-2.0, 2.0, 0.05, 2),
        group=mark("Repetition"),
    )
    presence_penalty: float = _declare(
        0.0,
        mark("Presence penalty"),
        mark("Takes this much off a token's score once it has occurred."),
        neutral=0.0,
        bounds=(-2.0, 2.0, 0.05, 2),
        group=mark("Repetition"),
    )
    dry_multiplier: float = _declare(
        0.0,
        mark("DRY strength"),
        mark("Discourages repeating whole sequences. 0.8 is usual."),
        neutral=0.0,
        bounds=(0.0, 5.0, 0.05, 2),
        group=mark("Repetition"),
    )
    dry_base: float = _declare(
        1.75,
        mark("DRY base"),
        mark("How fast the DRY penalty grows with the length of the repeated sequence."),
        neutral=1.0,
        bounds=(1.0, 4.0, 0.05, 2),
        group=mark("Repetition"),
    )
    dry_allowed_length: int = _declare(
        2,
        mark("DRY allowed length"),
        mark("Sequences up to this many tokens may repeat freely."),
        neutral=2,
        bounds=(0, 100, 1, 0),
        group=mark("Repetition"),
    )
    dry_penalty_last_n: int = _declare(
        -1,
        mark("DRY window"),
        mark(
            "How many of the last tokens DRY looks at. -1 takes the whole context, 0 turns it off."
        ),
        neutral=0,
        bounds=(-1, 1_048_576, 16, 0),
        group=mark("Repetition"),
    )
    dry_sequence_breakers: tuple[str, ...] = _declare(
        ("\n", ":", '"', "*"),
        mark("DRY sequence breakers"),
        mark("Texts at which a repeated sequence starts afresh, one per line."),
        neutral=(),
        group=mark("Repetition"),
    )
    mirostat: Mirostat = _declare(
        0,
        mark("Mirostat"),
        mark("Steers towards a steady level of surprise instead of the filters above. 0 is off."),
        neutral=0,
        bounds=(0, 2, 1, 0),
        group=mark("Mirostat"),
    )
    mirostat_tau: float = _declare(
        5.0,
        mark("Mirostat target"),
        mark(
            "The level of surprise that Mirostat aims at. It has no effect while Mirostat is off."
        ),
        neutral=5.0,
        bounds=(0.0, 10.0, 0.1, 2),
        group=mark("Mirostat"),
    )
    mirostat_eta: float = _declare(
        0.1,
        mark("Mirostat rate"),
        mark("How fast Mirostat corrects itself. It has no effect while Mirostat is off."),
        neutral=0.1,
        bounds=(0.0, 1.0, 0.01, 3),
        group=mark("Mirostat"),
    )
    logit_bias: tuple[tuple[int, float], ...] = _declare(
        (),
        mark("Token bias"),
        mark(
            "Adds to the score of single tokens: one `token id = bias` per line; "
            "-inf forbids a token."
        ),
        neutral=(),
        group=mark("Expert"),
    )
    order: tuple[SamplerName, ...] = _declare(
        DEFAULT_ORDER,
        mark("Order of the filters"),
        mark("The order in which the filters above are applied."),
        neutral=DEFAULT_ORDER,
        group=mark("Expert"),
    )


def declarations() -> dict[str, Declaration]:
    """Field name -> how it is shown, in the order of declaration."""
    return {item.name: item.metadata["declaration"] for item in fields(Sampling)}


@dataclass(frozen=True)
class Preset:
    """A named set of sampling parameters. Built-in ones cannot be changed or removed."""

    key: str
    label: str
    sampling: Sampling
    builtin: bool = True


MODEL_DEFAULTS = "model-defaults"
"""The key of the preset that stands for what the loaded model recommends."""
GLM_GENERAL = Preset("glm-general", mark("GLM general"), Sampling(temperature=1.0))
GLM_CODE = Preset("glm-code", mark("GLM code"), Sampling(temperature=1.0, top_p=0.95, top_k=40))
GREEDY = Preset("greedy", mark("Always the likeliest"), Sampling(temperature=0.0))
BUILTIN_PRESETS = (GLM_GENERAL, GLM_CODE, GREEDY)
