"""Where things lie: what ships with the program, and the person's own folders."""

from pathlib import Path

import platformdirs

APP_ID = "io.github.glm_launcher.GlmLauncher"
_APP_DIR_NAME = "glm-launcher"


def resources_dir() -> Path:
    """Beside `app/` in a checkout, inside it when installed as a package."""
    app_dir = Path(__file__).resolve().parent.parent
    beside = app_dir.parent / "resources"
    return beside if beside.is_dir() else app_dir / "resources"


def demo_model_path() -> Path:
    return resources_dir() / "demo" / "glm-launcher-demo.gguf"


def config_dir() -> Path:
    return platformdirs.user_config_path(_APP_DIR_NAME, appauthor=False)


def data_dir() -> Path:
    return platformdirs.user_data_path(_APP_DIR_NAME, appauthor=False)


def chats_dir() -> Path:
    return data_dir() / "chats"


def contacts_file() -> Path:
    return data_dir() / "contacts.json"


def cache_dir() -> Path:
    return platformdirs.user_cache_path(_APP_DIR_NAME, appauthor=False)


def log_dir() -> Path:
    return platformdirs.user_log_path(_APP_DIR_NAME, appauthor=False)
