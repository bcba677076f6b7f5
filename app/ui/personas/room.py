"""Keeps chips, header, panels and options of the chat page in step with how the chat is asked."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.core.language import tr
from app.core.personas import NO_PERSONA
from app.settings.store import SettingsStore
from app.ui.chat.model_state import Ability, Ready
from app.ui.chat.page import ChatPage
from app.ui.chat.session import ChatSession
from app.ui.look import Look
from app.ui.personas.asking import Asking
from app.ui.personas.panel import InstructionsPanel
from app.ui.personas.words import manner_lines
from app.ui.sampling.panel import SamplingPanel


class PersonaRoom(QObject):
    """saved: to be called when settings have changed. manage: shows all personas."""

    def __init__(
        self,
        look: Look,
        session: ChatSession,
        settings: SettingsStore,
        page: ChatPage,
        saved: Callable[[], None],
        manage: Callable[[], None],
    ) -> None:
        super().__init__(page)
        self._look, self._session, self._page = look, session, page
        self._saved, self._manage = saved, manage
        self.asking = Asking(settings, session.manner, saved)
        self._ability = Ability(True)
        self._sampling: SamplingPanel | None = None
        self._instructions: InstructionsPanel | None = None
        self._sampled: tuple[object, ...] = ()
        self._connect()
        self.asking.listen(self._show)
        self.asking.replaced = self._offer_back
        self._show()

    def close(self) -> None:
        """What is being typed is kept."""
        self.asking.close()

    @property
    def sampling(self) -> SamplingPanel:
        """Made when it is first wanted: its fields would slow the start down."""
        if self._sampling is None:
            self._sampling = made = SamplingPanel(self._look, self.asking.choice)
            made.changed.connect(self._saved)
            made.close_wanted.connect(self._page.close_panel)
            made.for_all_wanted.connect(self._sample_all_so)
            made.files_wanted.connect(self._manage)
            made.as_all_wanted.connect(self.asking.sample_as_all)
            self._show_sampling()
        return self._sampling

    @property
    def instructions(self) -> InstructionsPanel:
        if self._instructions is None:
            self._instructions = made = InstructionsPanel(self._look, self.asking, self._count)
            made.close_wanted.connect(lambda: self._page.show_side(None))
            made.sampling_wanted.connect(lambda: self._page.header.sampling.setChecked(True))
            made.manage_wanted.connect(self._manage)
            made.persona_saved.connect(self._saved)
            made.set_ability(self._ability)
        return self._instructions

    def show_instructions(self) -> None:
        header = self._page.header.sampling
        header.blockSignals(True)
        header.setChecked(False)
        header.blockSignals(False)
        self.instructions.refresh()
        self._page.show_side(self.instructions)

    def _connect(self) -> None:
        page, persona = self._page, self._page.header.persona
        persona.chosen.connect(self.asking.choose)
        persona.instructions_wanted.connect(self.show_instructions)
        persona.manage_wanted.connect(self._manage)
        page.header.sampling_toggled.connect(
            lambda shown: page.show_side(self.sampling if shown else None)
        )
        page.empty.personas.chosen.connect(self.asking.choose)
        page.empty.personas.more_wanted.connect(persona.showMenu)
        page.options_changed.connect(self._switched)
        page.model_shown.connect(self._model_shown)

    def _offer_back(self, put_back: Callable[[], None]) -> None:
        text = tr("The instructions that were typed for this chat are replaced.")
        self._page.undo_offered.emit(text, put_back)

    def _switched(self) -> None:
        composer = self._page.composer
        self.asking.set_thinking(composer.thinking.isChecked())
        self.asking.set_tools(composer.tools.isChecked())

    def _model_shown(self) -> None:
        state, ready = self._session.model, self._session.ready
        if isinstance(state, Ready):
            self.asking.choice.set_model_defaults(state.model.defaults)
        self._ability = ready.instructions if ready is not None else Ability(True)
        if self._instructions is not None:
            self._instructions.set_ability(self._ability)
        self._show()

    def _count(self, text: str, told: Callable[[int], None]) -> None:
        def done(tokens: int | None) -> None:
            if tokens is not None:
                told(tokens)

        context = self._page.context
        if not self._session.tasks.closed:
            self._session.tasks.run(lambda _: context.tokens_of(text), done, lambda _: None)

    def _sample_all_so(self) -> None:
        self.asking.sample_all_so()
        self._saved()

    def _show(self) -> None:
        asking, page, composer = self.asking, self._page, self._page.composer
        for chip, on in ((composer.thinking, asking.thinking), (composer.tools, asking.tools)):
            chip.blockSignals(True)
            chip.setChecked(on)
            chip.blockSignals(False)
        text = asking.manner.system_prompt.strip()
        page.sampling = asking.sampling
        page.system_prompt = text if self._ability.available else ""
        key = asking.manner.persona
        page.header.persona.set_personas(asking.personas, key)
        page.header.persona.show_state(
            self._name(), differs=asking.differs, told="\n".join(self._told())
        )
        page.empty.personas.set_personas(asking.personas, key)
        self._show_sampling()
        if self._instructions is not None:
            self._instructions.refresh()
        page.context.refresh()

    def _show_sampling(self) -> None:
        if self._sampling is None:
            return
        self._sampling.set_scope(own=self.asking.manner.sampling is not None)
        shown = (self.asking.choice.use, self.asking.choice.presets)
        if shown != self._sampled:
            self._sampled = shown
            self._sampling.refresh()

    def _name(self) -> str:
        if self.asking.manner.persona == NO_PERSONA.key:
            return tr("Instructions") if self.asking.manner.system_prompt.strip() else ""
        return tr(self.asking.label)

    def _told(self) -> list[str]:
        told = [self._name()] if self._name() else []
        if self.asking.manner.system_prompt.strip() and not self._ability.available:
            told.append(tr("Its instructions are not sent: {why}", why=self._ability.reason))
        return [*told, *manner_lines(self.asking)]
