import pytest

from app.chat.services import chat_template
from app.core.errors import KnownError
from app.core.messages import user
from app.engine.protocol import ModelInfo


def model(architecture: str, template: str | None) -> ModelInfo:
    return ModelInfo(
        "/m.gguf", "M", architecture, "", 1, 1, 4096, 4096, template, (), False, "", ""
    )


def test_a_model_speaks_by_its_own_template() -> None:
    template = chat_template(model("glm4moe", "{{ messages[0].content }}!"))
    assert template.render([user("Hi")]).text == "Hi!"


def test_a_glm_without_a_template_gets_its_familys() -> None:
    template = chat_template(model("glm4moe", None))
    assert template.render([user("Hi")]).text == "[gMASK]<sop><|user|>\nHi<|assistant|>"
    assert template.capabilities.tools.supported
    assert not template.is_fallback


def test_an_unknown_model_without_a_template_gets_a_plain_one() -> None:
    assert chat_template(model("llama", None)).is_fallback


def test_a_broken_template_is_a_known_error() -> None:
    with pytest.raises(KnownError):
        chat_template(model("glm4moe", "{% if %}"))
