"""The desk's forms. Their token (CSRF) is checked before the view; what people write is never in a form, only in a seal."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs are of the version before

from app.domain import Outcome, State
from app.web.desk import labels


class StateForm(FlaskForm):  # type: ignore[misc]
    """A case's next state; closing it asks for the outcome."""

    state = SelectField(choices=[SelectChoice(state.value, label) for state, label in labels.STATES.items()])
    outcome = SelectField(
        lazy_gettext("How did it end?"),
        choices=[
            SelectChoice("", lazy_gettext("Choose an outcome")),
            *(SelectChoice(outcome.value, label) for outcome, label in labels.OUTCOMES.items()),
        ],
        default="",
    )

    def validate_outcome(self, field: SelectField) -> None:
        """Needed for closing, and only then."""
        if self.state.data == State.CLOSED and not field.data:
            raise ValidationError(lazy_gettext("Choose how it ended before you close the case."))

    @property
    def next_state(self) -> State:
        """Where to, once the form is valid."""
        return State(self.state.data)

    @property
    def next_outcome(self) -> Outcome | None:
        """With which outcome; nothing unless the case is closed."""
        return Outcome(self.outcome.data) if self.next_state is State.CLOSED else None
