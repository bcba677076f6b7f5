"""Every setting, declared once."""

from typing import Any

from app.core.json import JsonObject
from app.core.personas import NO_PERSONA, Persona, SamplingUse
from app.core.sampling import MODEL_DEFAULTS, Preset
from app.settings import of_thinking
from app.settings.fields import Choice, Folder, Folders, FontFamily, Number, Shown, Switch, Text
from app.settings.persona_json import (
    read_changes,
    read_personas,
    write_changes,
    write_personas,
)
from app.settings.search_values import PROVIDERS, SearchProvider, read_provider
from app.settings.setting import (
    DENSITIES,
    LANGUAGES,
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
    read_tokens,
    same,
    write_presets,
)
from app.settings.tool_values import (
    read_names,
    read_permissions,
    read_tool_folders,
    write_permissions,
    write_tool_folders,
)

THEMES: tuple[tuple[Theme, str], ...] = (
    ("system", "Like the system"),
    ("light", "Light"),
    ("dark", "Dark"),
    ("contrast", "High contrast"),
)

LANGUAGE: Setting[Language] = Setting(
    "language",
    "system",
    "Language",
    "Of the program; the model answers in the language it is asked in.",
    read_choice(LANGUAGES),
    same,
    Shown(
        "General",
        Choice((("system", "Like the system"), ("en", "English"), ("zh_CN", "简体中文"))),
        "语言 中文 chinese english translation",
    ),
)
THEME: Setting[Theme] = Setting(
    "theme",
    "system",
    "Theme",
    "Light or dark, or whatever the system uses.",
    read_choice(THEME_CHOICES),
    same,
    Shown("Appearance", Choice(THEMES), "colours night high contrast"),
)
TEXT_SIZE: Setting[TextSize] = Setting(
    "text_size",
    "100",
    "Text size",
    "Of everything in the window, beside what the system scales.",
    read_choice(TEXT_SIZES),
    same,
    Shown(
        "Appearance",
        Choice(tuple((size, f"{size}%") for size in TEXT_SIZES)),
        "zoom larger smaller letters scale",
    ),
)
DENSITY: Setting[Density] = Setting(
    "density",
    "comfortable",
    "Density",
    "How much room there is around controls and rows.",
    read_choice(DENSITIES),
    same,
    Shown(
        "Appearance",
        Choice((("comfortable", "Comfortable"), ("compact", "Compact"))),
        "compact spacing tight",
    ),
)
FONT: Setting[str] = Setting(
    "font",
    "",
    "Font",
    "For everything but code.",
    read_text,
    same,
    Shown("Appearance", FontFamily(), "family typeface letters"),
)
CODE_FONT: Setting[str] = Setting(
    "code_font",
    "",
    "Font for code",
    "For code and for figures in columns.",
    read_text,
    same,
    Shown("Appearance", FontFamily(fixed=True), "monospace family typeface"),
)
CODE_THEME: Setting[str] = Setting(
    "code_theme",
    "",
    "Colours of code",
    "How code is coloured, in every theme.",
    read_text,
    same,
    Shown(
        "Appearance",
        Choice((("", "Like the theme"), ("vivid", "Vivid"), ("warm", "Warm"), ("plain", "None"))),
        "syntax highlighting",
    ),
)
LAST_MODEL: Setting[str] = Setting(
    "last_model",
    "",
    "Model",
    "The file that is opened at the next start; empty for the demo model.",
    read_text,
    same,
)
CONTEXT_TOKENS: Setting[int] = Setting(
    "context_tokens",
    0,
    "Context",
    "How many tokens a conversation may have; more takes more memory. Counts for the next load.",
    read_tokens,
    same,
    Shown(
        "Chat",
        Number(0, 1_048_576, "tokens", "as the plan says", 1, 4096),
        "memory length KV cache",
    ),
)
CONTEXT_FULL: Setting[str] = Setting(
    "context_full",
    "ask",
    "When a question does not fit",
    "What is left out is always shown in the chat and can be sent again.",
    read_choice(("ask", "leave out")),
    same,
    Shown(
        "Chat",
        Choice((("ask", "Ask what to do"), ("leave out", "Leave the oldest messages out"))),
        "context full overflow too long",
    ),
)
TOOLS: Setting[bool] = Setting(
    "tools",
    True,
    "Tools",
    "Lets the model use tools; a chat or a persona can have it otherwise. Which there are and what "
    "they may do is on the page Tools.",
    read_switch,
    same,
    Shown("Chat", Switch(), "functions calls"),
)
PRESET: Setting[str] = Setting(
    "preset",
    MODEL_DEFAULTS,
    "Sampling preset",
    "The set of sampling parameters that new chats start from.",
    read_text,
    same,
)
SAMPLING: Setting[SamplingUse | None] = Setting(
    "sampling",
    None,
    "Sampling",
    "The parameters of new chats that differ from their preset.",
    read_changes,
    write_changes,
)
OWN_PRESETS: Setting[tuple[Preset, ...]] = Setting(
    "presets",
    (),
    "Your presets",
    "Sets of sampling parameters of your own.",
    read_presets,
    write_presets,
)
PERSONA: Setting[str] = Setting(
    "persona",
    NO_PERSONA.key,
    "Persona of new chats",
    "Which persona a new chat begins with.",
    read_text,
    same,
)
OWN_PERSONAS: Setting[tuple[Persona, ...]] = Setting(
    "personas",
    (),
    "Your personas",
    "Instructions for the model under a name, with how it is asked.",
    read_personas,
    write_personas,
)
NEW_CHAT: Setting[JsonObject] = Setting(
    "new_chat",
    {},
    "The new chat",
    "What was chosen for a chat that has no question yet.",
    read_object,
    same,
)
WINDOW_GEOMETRY: Setting[str] = Setting(
    "window_geometry", "", "Window", "Where the window was and how large.", read_text, same
)
HUB_ENDPOINT: Setting[str] = Setting(
    "hub_endpoint",
    "",
    "Address of the Hub",
    "A mirror of huggingface.co. Empty means HF_ENDPOINT, or the Hub itself.",
    read_text,
    same,
    Shown("Network", Text("https://huggingface.co"), "mirror server HF_ENDPOINT"),
)
MODELS_FOLDER: Setting[str] = Setting(
    "models_folder",
    "",
    "Folder for models",
    "Where downloads go. The Hugging Face cache is shared with other programs.",
    read_text,
    same,
    Shown("Models and storage", Folder("the Hugging Face cache"), "disk place download"),
)
LIBRARY_FOLDERS: Setting[tuple[str, ...]] = Setting(
    "library_folders",
    (),
    "Folders with models",
    "Looked through for models besides those of other programs.",
    read_folders,
    list,
    Shown("Models and storage", Folders(), "disk library find"),
)
EARLIER_FOLDERS: Setting[tuple[str, ...]] = Setting(
    "earlier_models_folders",
    (),
    "Earlier folders for models",
    "Looked through as well, for what was downloaded before another one was chosen.",
    read_folders,
    list,
)
DOWNLOAD_CONNECTIONS: Setting[int] = Setting(
    "download_connections",
    8,
    "Connections",
    "How many connections a download uses at once.",
    read_connections,
    same,
    Shown("Downloads", Number(1, 32), "parallel"),
)
DOWNLOAD_BYTES_PER_SECOND: Setting[int] = Setting(
    "download_bytes_per_second",
    0,
    "Speed limit",
    "The most that downloads take of the line.",
    read_rate,
    same,
    Shown("Downloads", Number(0, 100_000, "MB/s", "none", 10**6), "bandwidth cap throttle"),
)
KEEP_IN_TRAY: Setting[bool] = Setting(
    "keep_in_tray",
    True,
    "Go on in the tray",
    "When the window is closed while something is downloaded, the download goes on.",
    read_switch,
    same,
    Shown("General", Switch(), "background close notification"),
)
CLOSE_ASKED: Setting[bool] = Setting(
    "close_asked",
    False,
    "Closing while downloading",
    "It has been asked whether downloads go on when the window is closed.",
    read_switch,
    same,
)
FIRST_START_DONE: Setting[bool] = Setting(
    "first_start_done", False, "First start", "The first start has been shown.", read_switch, same
)
BUILT_MACHINE: Setting[JsonObject] = Setting(
    "built_machine",
    {},
    "The machine you built",
    "Its parts, as they were left on the page for that.",
    read_object,
    same,
)
MCP_SERVERS: Setting[JsonObject] = Setting(
    "mcp_servers",
    {},
    "MCP servers",
    "Other programs that give the model tools, by name, as in an mcpServers block.",
    read_object,
    same,
)

TOOLS_READ_FREELY: Setting[bool] = Setting(
    "tools_read_freely",
    False,
    "Read without asking",
    "Tools may read and list files in the folders below without asking each time. Before they "
    "write, you are always asked.",
    read_switch,
    same,
    Shown("Tools", Switch(), "consent permission files"),
)
TOOL_FOLDERS: Setting[tuple[tuple[str, bool], ...]] = Setting(
    "tool_folders",
    (),
    "Folders for tools",
    "Where tools may read, and where they may write as well.",
    read_tool_folders,
    write_tool_folders,
)
TOOL_PERMISSIONS: Setting[tuple[tuple[str, str], ...]] = Setting(
    "tool_permissions",
    (),
    "Permissions",
    "What is always allowed, by tool and scope.",
    read_permissions,
    write_permissions,
)
TOOLS_OFF: Setting[tuple[str, ...]] = Setting(
    "tools_off", (), "Tools that are offered", "All but these names.", read_names, list
)

SEARCH_PROVIDER: Setting[SearchProvider] = Setting(
    "search_provider",
    "",
    "Web search",
    "Who is asked when a model searches the web. What it looks for is sent there.",
    read_provider,
    same,
    Shown("Tools", Choice(PROVIDERS), "internet SearXNG Brave provider network"),
)
SEARXNG_ADDRESS: Setting[str] = Setting(
    "searxng_address",
    "",
    "Address of SearXNG",
    "Your own instance or one that allows programs (the format json). It may be on your network.",
    read_text,
    same,
    Shown("Tools", Text("https://searx.example.org"), "internet web search server instance"),
)

ALL: tuple[Setting[Any], ...] = tuple(
    value
    for value in [*vars(of_thinking).values(), *globals().values()]
    if isinstance(value, Setting)
)
"""In the order in which they are declared."""
