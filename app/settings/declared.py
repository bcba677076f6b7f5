"""Every setting, declared once."""

from typing import Any

from app.core.json import JsonObject
from app.core.language import mark
from app.core.personas import NO_PERSONA, Persona, SamplingUse
from app.core.sampling import MODEL_DEFAULTS, Preset
from app.settings import of_thinking, of_tools
from app.settings.fields import Choice, Folder, Folders, FontFamily, Number, Shown, Switch, Text
from app.settings.persona_json import (
    read_changes,
    read_personas,
    write_changes,
    write_personas,
)
from app.settings.setting import (
    DENSITIES,
    LANGUAGES,
    MOST_THREADS,
    TEXT_SIZES,
    THEME_CHOICES,
    Density,
    Language,
    Setting,
    TextSize,
    Theme,
    read_choice,
    read_connections,
    read_folders,
    read_object,
    read_presets,
    read_rate,
    read_switch,
    read_text,
    read_threads,
    read_tokens,
    same,
    write_presets,
)

THEMES: tuple[tuple[Theme, str], ...] = (
    ("system", mark("Like the system")),
    ("light", mark("Light")),
    ("dark", mark("Dark")),
    ("contrast", mark("High contrast")),
)

LANGUAGE: Setting[Language] = Setting(
    "language",
    "system",
    mark("Language"),
    mark("Of the program; the model answers in the language it is asked in."),
    read_choice(LANGUAGES),
    same,
    Shown(
        "General",
        Choice((("system", mark("Like the system")), ("en", "English"), ("zh_CN", "简体中文"))),
        mark("语言 中文 chinese english translation"),
    ),
)
THEME: Setting[Theme] = Setting(
    "theme",
    "system",
    mark("Theme"),
    mark("Light or dark, or whatever the system uses."),
    read_choice(THEME_CHOICES),
    same,
    Shown("Appearance", Choice(THEMES), mark("colours night high contrast")),
)
TEXT_SIZE: Setting[TextSize] = Setting(
    "text_size",
    "100",
    mark("Text size"),
    mark("Of everything in the window, beside what the system scales."),
    read_choice(TEXT_SIZES),
    same,
    Shown(
        "Appearance",
        Choice(tuple((size, f"{size}%") for size in TEXT_SIZES)),
        mark("zoom larger smaller letters scale"),
    ),
)
DENSITY: Setting[Density] = Setting(
    "density",
    "comfortable",
    mark("Density"),
    mark("How much room there is around controls and rows."),
    read_choice(DENSITIES),
    same,
    Shown(
        "Appearance",
        Choice((("comfortable", mark("Comfortable")), ("compact", mark("Compact")))),
        mark("compact spacing tight"),
    ),
)
FONT: Setting[str] = Setting(
    "font",
    "",
    mark("Font"),
    mark("For everything but code."),
    read_text,
    same,
    Shown("Appearance", FontFamily(), mark("family typeface letters")),
)
CODE_FONT: Setting[str] = Setting(
    "code_font",
    "",
    mark("Font for code"),
    mark("For code and for figures in columns."),
    read_text,
    same,
    Shown("Appearance", FontFamily(fixed=True), mark("monospace family typeface")),
)
CODE_THEME: Setting[str] = Setting(
    "code_theme",
    "",
    mark("Colours of code"),
    mark("How code is coloured, in every theme."),
    read_text,
    same,
    Shown(
        "Appearance",
        Choice(
            (
                ("", mark("Like the theme")),
                ("vivid", mark("Vivid")),
                ("warm", mark("Warm")),
                ("plain", "None"),
            )
        ),
        mark("syntax highlighting"),
    ),
)
LAST_MODEL: Setting[str] = Setting(
    "last_model",
    "",
    mark("Model"),
    mark("The file that is opened at the next start; empty for the demo model."),
    read_text,
    same,
)
CONTEXT_TOKENS: Setting[int] = Setting(
    "context_tokens",
    0,
    mark("Context"),
    mark(
        "How many tokens a conversation may have; more takes more memory. Counts for the next load."
    ),
    read_tokens,
    same,
    Shown(
        "Performance",
        Number(0, 1_048_576, mark("tokens"), mark("as the plan says"), 1, 4096),
        mark("memory length KV cache"),
    ),
)
THREADS: Setting[int] = Setting(
    "threads",
    0,
    mark("Threads"),
    mark(
        "On how many threads the processor computes its part of a model. More than there are "
        "cores makes it slower. Counts for the next load."
    ),
    read_threads,
    same,
    Shown(
        "Performance",
        Number(0, MOST_THREADS, mark("threads"), mark("one for each core")),
        mark("processor cores CPU speed quiet heat"),
    ),
)
CONTEXT_FULL: Setting[str] = Setting(
    "context_full",
    "ask",
    mark("When a question does not fit"),
    mark("What is left out is always shown in the chat and can be sent again."),
    read_choice(("ask", "leave out")),
    same,
    Shown(
        "Chat",
        Choice(
            (
                ("ask", mark("Ask what to do")),
                ("leave out", mark("Leave the oldest messages out")),
            )
        ),
        mark("context full overflow too long"),
    ),
)
TOOLS: Setting[bool] = Setting(
    "tools",
    True,
    "Tools",
    mark(
        "Lets the model use tools; a chat or a persona can have it otherwise. Which "
        "there are and what they may do is on the page Tools."
    ),
    read_switch,
    same,
    Shown("Chat", Switch(), mark("functions calls")),
)
PRESET: Setting[str] = Setting(
    "preset",
    MODEL_DEFAULTS,
    mark("Sampling preset"),
    mark("The set of sampling parameters that new chats start from."),
    read_text,
    same,
)
SAMPLING: Setting[SamplingUse | None] = Setting(
    "sampling",
    None,
    mark("Sampling"),
    mark("The parameters of new chats that differ from their preset."),
    read_changes,
    write_changes,
)
OWN_PRESETS: Setting[tuple[Preset, ...]] = Setting(
    "presets",
    (),
    mark("Your presets"),
    mark("Sets of sampling parameters of your own."),
    read_presets,
    write_presets,
)
PERSONA: Setting[str] = Setting(
    "persona",
    NO_PERSONA.key,
    mark("Persona of new chats"),
    mark("Which persona a new chat begins with."),
    read_text,
    same,
)
OWN_PERSONAS: Setting[tuple[Persona, ...]] = Setting(
    "personas",
    (),
    mark("Your personas"),
    mark("Instructions for the model under a name, with how it is asked."),
    read_personas,
    write_personas,
)
NEW_CHAT: Setting[JsonObject] = Setting(
    "new_chat",
    {},
    mark("The new chat"),
    mark("What was chosen for a chat that has no question yet."),
    read_object,
    same,
)
WINDOW_GEOMETRY: Setting[str] = Setting(
    "window_geometry",
    "",
    mark("Window"),
    mark("Where the window was and how large."),
    read_text,
    same,
)
HUB_ENDPOINT: Setting[str] = Setting(
    "hub_endpoint",
    "",
    mark("Address of the Hub"),
    mark("A mirror of huggingface.co. Empty means HF_ENDPOINT, or the Hub itself."),
    read_text,
    same,
    Shown("Network", Text("https://huggingface.co"), mark("mirror server HF_ENDPOINT")),
)
MODELS_FOLDER: Setting[str] = Setting(
    "models_folder",
    "",
    mark("Folder for models"),
    mark("Where downloads go. The Hugging Face cache is shared with other programs."),
    read_text,
    same,
    Shown(
        "Models and storage",
        Folder(mark("the Hugging Face cache")),
        mark("disk place download"),
    ),
)
LIBRARY_FOLDERS: Setting[tuple[str, ...]] = Setting(
    "library_folders",
    (),
    mark("Folders with models"),
    mark("Looked through for models besides those of other programs."),
    read_folders,
    list,
    Shown("Models and storage", Folders(), mark("disk library find")),
)
EARLIER_FOLDERS: Setting[tuple[str, ...]] = Setting(
    "earlier_models_folders",
    (),
    mark("Earlier folders for models"),
    mark("Looked through as well, for what was downloaded before another one was chosen."),
    read_folders,
    list,
)
DOWNLOAD_CONNECTIONS: Setting[int] = Setting(
    "download_connections",
    8,
    mark("Connections"),
    mark("How many connections a download uses at once."),
    read_connections,
    same,
    Shown("Downloads", Number(1, 32), "parallel"),
)
DOWNLOAD_BYTES_PER_SECOND: Setting[int] = Setting(
    "download_bytes_per_second",
    0,
    mark("Speed limit"),
    mark("The most that downloads take of the line."),
    read_rate,
    same,
    Shown(
        "Downloads", Number(0, 100_000, "MB/s", mark("none"), 10**6), mark("bandwidth cap throttle")
    ),
)
KEEP_IN_TRAY: Setting[bool] = Setting(
    "keep_in_tray",
    True,
    mark("Go on in the tray"),
    mark("When the window is closed while something is downloaded, the download goes on."),
    read_switch,
    same,
    Shown("General", Switch(), mark("background close notification")),
)
CLOSE_ASKED: Setting[bool] = Setting(
    "close_asked",
    False,
    mark("Closing while downloading"),
    mark("It has been asked whether downloads go on when the window is closed."),
    read_switch,
    same,
)
FIRST_START_DONE: Setting[bool] = Setting(
    "first_start_done",
    False,
    mark("First start"),
    mark("The first start has been shown."),
    read_switch,
    same,
)
BUILT_MACHINE: Setting[JsonObject] = Setting(
    "built_machine",
    {},
    mark("The machine you built"),
    mark("Its parts, as they were left on the page for that."),
    read_object,
    same,
)

ALL: tuple[Setting[Any], ...] = tuple(
    value
    for value in [*vars(of_thinking).values(), *globals().values(), *vars(of_tools).values()]
    if isinstance(value, Setting)
)
"""In the order in which they are declared."""
