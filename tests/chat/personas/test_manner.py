"""How a conversation is asked stays with it."""

from app.chat.personas.keeper import MannerKeeper
from app.chat.personas.manner import (
    Manner,
    as_persona,
    kept_manner,
    manner_from_json,
    manner_of,
    manner_to_json,
)
from app.chat.store.store import ChatStore
from app.core.messages import TextPart
from app.core.personas import CODE, NO_PERSONA, WRITING, use_of
from app.core.sampling import GLM_CODE

FULL = Manner("own-1", "Poet", "Rhyme. 押韵。", use_of(GLM_CODE), False, True)


def _stored(store: ChatStore, conversation: int) -> Manner:
    store.written().result(10)
    return kept_manner(store.read.details(conversation))


def _chat(store: ChatStore) -> int:
    conversation, _ = store.conversations.create("A chat")
    store.messages.ask(conversation, None, [TextPart("Hello?")])
    return conversation


def test_what_was_chosen_before_the_first_question_is_kept_with_it(store: ChatStore) -> None:
    keeper = MannerKeeper(store)
    keeper.begin()
    keeper.change(FULL)
    conversation = _chat(store)
    keeper.keep_with(conversation)
    assert _stored(store, conversation) == FULL


def test_changes_are_kept_one_by_one_and_leave_the_rest_alone(store: ChatStore) -> None:
    conversation = _chat(store)
    store.conversations.set_setting(conversation, "queue", ["next"])
    keeper = MannerKeeper(store)
    keeper.keep_with(conversation)
    for manner in (FULL, Manner("own-1", "Poet", thinking=True), Manner()):
        keeper.change(manner)
        assert _stored(store, conversation) == manner
        assert store.read.details(conversation).settings["queue"] == ["next"]
    assert store.read.details(conversation).settings == {"queue": ["next"]}


def test_opened_again_it_is_as_it_was(store: ChatStore) -> None:
    conversation = _chat(store)
    keeper = MannerKeeper(store)
    keeper.keep_with(conversation)
    keeper.change(FULL)
    store.written().result(10)
    told: list[Manner] = []
    again = MannerKeeper(store, listener=lambda: told.append(again.manner))
    again.opened(store.read.details(conversation))
    assert again.manner == FULL
    again.begin()
    assert told == [FULL, Manner()]


def test_a_new_chat_does_not_change_the_one_before(store: ChatStore) -> None:
    conversation = _chat(store)
    keeper = MannerKeeper(store, lambda: manner_of(CODE))
    keeper.keep_with(conversation)
    keeper.change(FULL)
    keeper.begin()
    assert keeper.manner == manner_of(CODE)
    keeper.change(Manner(thinking=False))
    assert _stored(store, conversation) == FULL
    second = _chat(store)
    keeper.keep_with(second)
    keeper.keep_with(second)
    assert _stored(store, second) == Manner(thinking=False)


def test_a_copy_of_a_chat_is_asked_alike(store: ChatStore) -> None:
    conversation = _chat(store)
    keeper = MannerKeeper(store)
    keeper.keep_with(conversation)
    keeper.change(FULL)
    copy, _ = store.conversations.duplicate(conversation)
    assert _stored(store, copy) == FULL


def test_all_of_it_in_one_object_and_back() -> None:
    for manner in (FULL, Manner(), Manner(thinking=False)):
        assert manner_from_json(manner_to_json(manner)) == manner
    assert manner_from_json({"system_prompt": 5, "persona_label": [], "thinking": "x"}) == Manner()


def test_new_chats_that_begin_otherwise_change_only_what_nobody_chose(store: ChatStore) -> None:
    beginnings = [Manner(), manner_of(CODE), manner_of(WRITING)]
    kept: list[object] = []
    keeper = MannerKeeper(store, lambda: beginnings.pop(0), keep_new=kept.append)
    keeper.begin()
    keeper.begin_again()
    assert keeper.manner == manner_of(CODE)
    keeper.change(FULL)
    keeper.begin_again()
    assert keeper.manner == FULL
    keeper.keep_with(_chat(store))
    assert kept[-2:] == [FULL, None]
    keeper.begin()
    assert keeper.manner == manner_of(WRITING)


def test_what_others_wrote_there_is_no_danger(store: ChatStore) -> None:
    conversation = _chat(store)
    store.conversations.set_settings(
        conversation, {"sampling": [1], "thinking": "x", "tools": 1, "persona": {}}
    )
    assert _stored(store, conversation) == Manner()


def test_without_a_store_it_lasts_as_long_as_the_window() -> None:
    keeper = MannerKeeper(None)
    keeper.change(FULL)
    keeper.keep_with(1)
    assert keeper.manner == FULL


def test_a_persona_is_copied_and_compared() -> None:
    manner = manner_of(WRITING)
    assert not manner.differs_from(WRITING)
    assert Manner(WRITING.key, WRITING.label, "Otherwise.").differs_from(WRITING)
    assert as_persona(manner, NO_PERSONA).system_prompt == WRITING.system_prompt
    assert manner_of(NO_PERSONA) == Manner()
