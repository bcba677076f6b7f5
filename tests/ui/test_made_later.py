"""What made an answer is told under it, also in a chat from the disk."""

from dataclasses import asdict, replace

from app.chat.store.store import ChatStore
from app.chat.store.types import Making
from app.core.messages import Message, TextPart
from app.core.sampling import GLM_CODE
from app.settings.sampling_json import sampling_to_json
from app.ui.chat.entries import Footer
from app.ui.chat.making_words import made_line, made_text
from app.ui.chat.views.footer_view import FooterView
from tests.ui.kept import Kept, answer
from tests.ui.scripted import STATS, model

GLM = "/models/GLM-4.6-UD-Q2_K_XL-00001-of-00003.gguf"
MAKING = Making(
    "GLM-4.6", "UD-Q2_K_XL", sampling_to_json(GLM_CODE.sampling), 7, asdict(STATS), "end"
)


def test_model_quantization_sampling_and_seed_are_named() -> None:
    assert made_text(MAKING) == (
        "GLM-4.6, UD-Q2_K_XL · GLM code (Temperature 1, Top P 0.95, Top K 40) · seed 7"
    )
    assert made_line(MAKING) == "GLM-4.6, UD-Q2_K_XL · 6.4 tokens/s"
    plain = replace(MAKING, quantization="", sampling={}, seed=None, timings={})
    assert made_text(plain) == "GLM-4.6 · GLM general (Temperature 1)"
    assert made_line(plain) == "GLM-4.6"
    assert made_text(None) == made_line(None) == ""


def test_what_a_strange_file_says_is_one_bearable_line() -> None:
    making = Making("x\n" * 5_000, "", {"temperature": "hot", "top_k": -1}, None, {"a": []})
    making = replace(making, timings={"decode_tokens_per_second": True})
    for text in (made_text(making), made_line(making)):
        assert len(text) < 200
        assert "\n" not in text


def test_the_answer_of_a_model_names_its_quantization(kept: Kept) -> None:
    kept.backend.loads[GLM] = model(GLM, demo=False)
    kept.desktop.session.models.open(GLM, ask=False)
    models = kept.desktop.session.models
    kept.wait(lambda: models.ready is not None and models.ready.info.path == GLM)
    kept.ask("Why?", answer("So."))
    [footer] = kept.entries(Footer)
    assert footer.made.startswith("GLM-4.6, UD-Q2_K_XL · GLM general (Temperature 1)")
    view = kept.page.transcript.view_of(footer)
    assert isinstance(view, FooterView)
    kept.wait(lambda: "UD-Q2_K_XL" in view._text.toolTip())


def test_a_chat_from_the_disk_tells_it_for_every_answer(kept: Kept, chats: ChatStore) -> None:
    conversation, _ = chats.conversations.create("Old")
    parent: int | None = None
    for number in range(3):
        parent, _ = chats.messages.ask(conversation, parent, [TextPart(f"{number}?")])
        making = replace(MAKING, seed=number)
        said = Message("assistant", (TextPart(f"{number}."),))
        parent, _ = chats.messages.add(conversation, parent, said, making=making)
    kept.page.open_conversation(conversation)
    kept.wait(lambda: len(kept.entries(Footer)) == 3)
    kept.wait(lambda: all(footer.made for footer in kept.entries(Footer)))
    assert [footer.made[-6:] for footer in kept.entries(Footer)] == ["seed 0", "seed 1", "seed 2"]
    assert {footer.text for footer in kept.entries(Footer)} == {
        "GLM-4.6, UD-Q2_K_XL · 6.4 tokens/s"
    }
    kept.desktop.session.read_again()
    kept.wait(lambda: not kept.desktop.session.opening)
    assert len(kept.entries(Footer)) == 3
    assert all(footer.text.count("GLM-4.6") == 1 for footer in kept.entries(Footer))


def test_an_answer_of_which_nothing_is_known_says_nothing(kept: Kept, chats: ChatStore) -> None:
    conversation, _ = chats.conversations.create("Imported")
    question, _ = chats.messages.ask(conversation, None, [TextPart("?")])
    chats.messages.add(conversation, question, Message("assistant", (TextPart("!"),)))
    kept.page.open_conversation(conversation)
    kept.wait_answers("!")
    kept.desktop.tasks.run(lambda _: None).wait(5)
    assert [(footer.text, footer.made) for footer in kept.entries(Footer)] == [("", "")]


def test_only_what_is_seen_is_asked_for(kept: Kept, chats: ChatStore) -> None:
    conversation, _ = chats.conversations.create("Long")
    parent: int | None = None
    for number in range(60):
        parent, _ = chats.messages.ask(conversation, parent, [TextPart(f"{number}?")])
        said = Message("assistant", (TextPart(f"{number}.\n\n" * 8),))
        parent, _ = chats.messages.add(conversation, parent, said, making=MAKING)
    kept.page.open_conversation(conversation)
    kept.wait(lambda: len(kept.entries(Footer)) == 60)
    kept.wait(lambda: bool(kept.entries(Footer)[-1].text))
    assert not kept.entries(Footer)[0].made
    kept.page.transcript.show_entry(kept.entries(Footer)[0])
    kept.wait(lambda: bool(kept.entries(Footer)[0].text))
