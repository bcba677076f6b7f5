"""Models and a client that several tests share; loading costs more than answering."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engine.client import EngineClient
from tests.engine.helpers import SCRIPTS, WORDS
from tests.models import Shape, TinyVocab, write_model


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def random_model(models: Path) -> Path:
    """Random weights, a context long enough to be stopped in the middle of an answer."""
    path = models / "random.gguf"
    write_model(path, Shape(context=65536))
    return path


@pytest.fixture(scope="session")
def scripted(models: Path) -> tuple[Path, TinyVocab]:
    """Greedy decoding follows SCRIPTS."""
    path = models / "scripted.gguf"
    return path, write_model(path, words=WORDS, scripts=SCRIPTS)


@pytest.fixture(scope="module")
def shared_client() -> Iterator[EngineClient]:
    client = EngineClient()
    yield client
    assert client.close(timeout_seconds=20)


@pytest.fixture
def client() -> Iterator[EngineClient]:
    client = EngineClient()
    yield client
    assert client.close(timeout_seconds=20)
