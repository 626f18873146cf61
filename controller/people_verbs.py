"""What becomes of wishes about people: save, delete, accept, and the answer after a session. Nothing here moves.

Each method returns the sentence of the answer or raises PeopleError.
"""

from collections.abc import Callable

from .account import GUEST
from .conduct import Conduct
from .model import EventKind, Forget, Reason, Verb, Wish
from .people import PeopleError
from .people_payload import OUTCOMES, Save


class PeopleVerbs:
    """Done on behalf of one table."""

    def __init__(self, conduct: Conduct) -> None:
        self._c = conduct
        self.do: dict[Verb, Callable[[Wish], str]] = {
            Verb.PEOPLE_SAVE: self._save,
            Verb.PEOPLE_DELETE: self._delete,
            Verb.PEOPLE_ACCEPT: self._accept,
            Verb.FEEDBACK: self._feedback,
        }

    def _save(self, wish: Wish) -> str:
        if not isinstance(wish.body, Save):
            raise PeopleError(Reason.BAD_PAYLOAD, "A profile is needed.")
        return self._changed(self._c.people.save(*wish.body, self._c.moment))

    def _delete(self, wish: Wish) -> str:
        person = wish.person or GUEST
        said = self._changed(self._c.people.delete(person))
        self._c.keeps.append(Forget(person))
        return said

    def _accept(self, wish: Wish) -> str:
        return self._changed(self._c.people.accept(wish.person or GUEST, self._c.moment))

    def _feedback(self, wish: Wish) -> str:
        outcome = str(wish.body)
        if outcome not in OUTCOMES:
            raise PeopleError(Reason.BAD_PAYLOAD, "Feedback is ok or symptom.")
        played, said = self._c.people.answer(outcome == "symptom", self._c.moment)
        self._c.event(
            EventKind.FEEDBACK, f"Felt by {played.person}: {'a symptom' if outcome == 'symptom' else 'nothing bad'}.",
            session=played.session, preset=played.preset, person=played.person, outcome=outcome,
        )  # fmt: skip
        return self._changed(said)

    def _changed(self, said: str) -> str:
        """Have it kept; no session runs now. Whose limits hold from now on is told at once."""
        c = self._c
        c.keep_people()
        limit = c.limit
        c.serve(c.person if c.people.profile(c.person) is not None else GUEST)
        if c.way is not None or c.leading:
            c.limit = limit  # of the way to level or to standing
        return said
