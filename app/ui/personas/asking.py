"""How the open chat is asked: what was chosen for it, else what is set for all. No Qt."""

from collections.abc import Callable
from dataclasses import replace

from app.chat.personas.keeper import MannerKeeper
from app.chat.personas.manner import Manner, as_persona, manner_from_json, manner_of, manner_to_json
from app.core.personas import NO_PERSONA, Persona
from app.core.sampling import Sampling
from app.settings.declared import NEW_CHAT, OWN_PERSONAS, OWN_PRESETS, PERSONA, PRESET, SAMPLING
from app.settings.declared import TOOLS as TOOLS_OF_ALL
from app.settings.of_thinking import THINKING as THINKING_OF_ALL
from app.settings.personas import (
    add_persona,
    change_persona,
    default_persona,
    persona_of,
    personas,
)
from app.settings.presets import presets
from app.settings.store import SettingsStore
from app.ui.sampling.choice import SamplingChoice


class Asking:
    """For the GUI thread. choice: the sampling of the open chat. saved: to be called when settings
    have changed. replaced: gets what puts typed instructions back that a persona has replaced."""

    def __init__(
        self,
        settings: SettingsStore,
        manner: MannerKeeper,
        saved: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings, self._manner, self._saved = settings, manner, saved
        self.replaced: Callable[[Callable[[], None]], None] = lambda _: None
        self._listeners: list[Callable[[], None]] = []
        self.choice = SamplingChoice(settings, self._sampling_chosen)
        manner.beginning = self._beginning
        manner.listener = self._manner_changed
        manner.begin()
        if settings.get(NEW_CHAT):
            manner.take_up(manner_from_json(settings.get(NEW_CHAT)))
        manner.keep_new = self._keep_new
        self._ends = [
            settings.subscribe(PRESET, self._set_for_all),
            settings.subscribe(SAMPLING, self._set_for_all),
            settings.subscribe(THINKING_OF_ALL, lambda _: self._tell()),
            settings.subscribe(TOOLS_OF_ALL, lambda _: self._tell()),
            settings.subscribe(PERSONA, self._personas_changed),
            settings.subscribe(OWN_PERSONAS, self._personas_changed),
            settings.subscribe(OWN_PRESETS, self._set_for_all),
        ]

    def listen(self, listener: Callable[[], None]) -> None:
        """It is called when something is asked otherwise, or the personas are others."""
        self._listeners.append(listener)

    def close(self) -> None:
        """The settings outlive the window."""
        self.flush()
        for end in self._ends:
            end()

    @property
    def manner(self) -> Manner:
        return self._manner.manner

    @property
    def has_been_asked(self) -> bool:
        """The chat is not a new one."""
        return self._manner.conversation is not None

    @property
    def conversation(self) -> int | None:
        """None while the chat is not on the disk."""
        return self._manner.conversation

    @property
    def thinking(self) -> bool:
        own = self.manner.thinking
        return self._settings.get(THINKING_OF_ALL) if own is None else own

    @property
    def tools(self) -> bool:
        own = self.manner.tools
        return self._settings.get(TOOLS_OF_ALL) if own is None else own

    @property
    def sampling(self) -> Sampling:
        return self.choice.current

    @property
    def personas(self) -> tuple[Persona, ...]:
        return personas(self._settings)

    @property
    def persona(self) -> Persona | None:
        """The one that the chat was given, as it is now; None when it has been deleted."""
        return persona_of(self._settings, self.manner.persona)

    @property
    def label(self) -> str:
        """What the chat's persona is called, also when it has been deleted; "" for none."""
        if self.manner.persona == NO_PERSONA.key:
            return ""
        return self.persona.label if self.persona is not None else self.manner.persona_label

    @property
    def differs(self) -> bool:
        """The chat is asked otherwise than its persona says now; never without a persona."""
        found = self.persona
        if found is None or found.key == NO_PERSONA.key:
            return False
        return self.manner.differs_from(self._renewed(found))

    def choose(self, key: str) -> None:
        """The chat gets a copy of what that persona says. Nothing for one that is gone. Typed
        instructions that it takes the place of can be put back."""
        found, before = persona_of(self._settings, key), self.manner
        if found is None:
            return
        typed = before.system_prompt.strip() and (self.differs or self._is_nobodys)
        self._manner.change(manner_of(self._renewed(found)))
        if typed and self.manner.system_prompt != before.system_prompt:
            chat = self._manner.chat
            self.replaced(lambda: self._put_back(before, chat))

    @property
    def _is_nobodys(self) -> bool:
        """The instructions are kept in no persona."""
        return self.persona is None or self.persona.key == NO_PERSONA.key

    def _put_back(self, manner: Manner, chat: int) -> None:
        if self._manner.chat == chat:
            self._manner.change(manner)

    def set_instructions(self, text: str) -> None:
        """As they are typed; `flush` writes them down."""
        self._manner.change(replace(self.manner, system_prompt=text), later=True)

    def flush(self) -> None:
        self._manner.flush()

    def set_thinking(self, on: bool) -> None:
        """For this chat; unchanged when it is asked like that anyway."""
        if on != self.thinking:
            self._manner.change(replace(self.manner, thinking=on))

    def set_tools(self, on: bool) -> None:
        if on != self.tools:
            self._manner.change(replace(self.manner, tools=on))

    def sample_as_all(self) -> None:
        """With what is set for new chats."""
        self._manner.change(replace(self.manner, sampling=None))

    def sample_all_so(self) -> None:
        """New chats get what this one has, which goes with them from now on."""
        self.choice.make_that_of_new_chats()
        self.sample_as_all()

    def save_as(self, label: str) -> Persona:
        """A new persona that asks as this chat does; the chat has it. Raises KnownError."""
        made = add_persona(self._settings, as_persona(self.manner, Persona("", label)))
        self._manner.change(replace(self.manner, persona=made.key, persona_label=made.label))
        return made

    def save(self) -> Persona:
        """The chat's persona asks as this chat does from now on. Raises KnownError when it is not
        one of the person's own."""
        found = self.persona or NO_PERSONA
        return change_persona(self._settings, as_persona(self.manner, found))

    def _renewed(self, persona: Persona) -> Persona:
        """With its preset as that is now."""
        if persona.sampling is None:
            return persona
        return replace(persona, sampling=persona.sampling.renewed(presets(self._settings)))

    def _beginning(self) -> Manner:
        return manner_of(self._renewed(default_persona(self._settings)))

    def _keep_new(self, manner: Manner | None) -> None:
        self._settings.set(NEW_CHAT, {} if manner is None else manner_to_json(manner))
        self._saved()

    def _sampling_chosen(self) -> None:
        self._manner.change(replace(self.manner, sampling=self.choice.use))

    def _manner_changed(self) -> None:
        self.choice.take(self.manner.sampling)
        self._tell()

    def _set_for_all(self, _: object) -> None:
        if self.manner.sampling is None:
            self.choice.take(None)
        self._tell()

    def _personas_changed(self, _: object) -> None:
        self._manner.begin_again()
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
