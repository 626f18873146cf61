"""The people of one table: who they are, which limits hold for them, and what of that changes.

Pure: it holds the register of `profile` and says when there is something to keep. Profiles come from the configuration,
where they are fixed, and from the register. Whoever is not in either is a guest. What a person may do follows from
profile, checklist and programme at this moment; nothing here makes a limit looser than it was earned.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from . import checklist
from .account import GUEST
from .limits import DEFAULTS, GUEST_ANGLE_DEG, Limits, guest, tightest
from .model import Keep, Limit, Reason
from .presets import Preset, programme_week
from .profile import FILE, MOST, FixedProfile, Played, Profile, Register, dump
from .programme import FIRST, Earned, Moment, answered, at, passed_s, played, week_limit, weeks

_Value = TypeVar("_Value")
PROGRAMME: Final = "programme"
"""The preset that plays the person's week."""


class PeopleError(Exception):
    """What somebody wants of people can't be: a reason and a sentence. Never leaves the controller."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class People:
    """`register` is what is kept. `wrong`: why the file can't be believed, a sentence; then everybody is a guest."""

    def __init__(
        self, fixed: Mapping[str, FixedProfile] | None = None, register: Register | None = None, wrong: str = ""
    ) -> None:
        self.fixed = dict(fixed or {})
        self.register = register or Register()
        self.wrong = wrong

    # ---- who -----------------------------------------------------------------------------------------------------

    def ids(self) -> list[str]:
        """Everybody with a profile, those of the configuration first."""
        return [] if self.wrong else [*self.fixed, *(key for key in self.register.profiles if key not in self.fixed)]

    def profile(self, person: str) -> Profile | None:
        """Their profile; what the configuration says wins."""
        return None if self.wrong else self.fixed.get(person) or self.register.profiles.get(person)

    def why_unknown(self, person: str) -> str:
        """A sentence if there is no such person, otherwise nothing."""
        if person == GUEST or self.profile(person) is not None:
            return ""
        if self.wrong:
            return f"Nobody but a guest is known. {self.wrong}"
        others = ", ".join(self.ids())
        there_are = f" There are: {others}." if others else ""
        return f"There is no person {person!r} here; leave the person out to start as {GUEST}.{there_are}"

    def earned(self, person: str, now: Moment) -> Earned | None:
        """Where they are in the programme now; None: they are not in it."""
        fixed, known = self.fixed.get(person), self.register.earned.get(person)
        if fixed is not None and not fixed.programme and (known is None or not known.done):
            return None
        if known is None:
            return Earned() if fixed is not None else None
        return at(known, now)

    # ---- what they may --------------------------------------------------------------------------------------------

    def layer(self, person: str, now: Moment) -> Limits:
        """Their layer of limits, with reasons. It is never looser than what is given to everybody, but for one who is
        through with the programme and whose profile names a larger angle."""
        profile = self.profile(person)
        if profile is None:
            return guest()
        return replace(DEFAULTS, angle_deg=self._angle(profile, self.earned(person, now)))

    def _angle(self, profile: Profile, earned: Earned | None) -> Limit:
        own = None if profile.angle_deg is None else Limit(profile.angle_deg, f"profile of {profile.id}")
        week = earned.limit() if earned is not None else None
        if week is None and own is not None and earned is not None:
            return own
        if week is None:
            unearned = "no larger one in the profile" if earned is not None else "the programme is not done"
            week = Limit(GUEST_ANGLE_DEG, unearned)
        return week if own is None else tightest(week, own)

    def why_due(self, person: str, now: Moment) -> str:
        """A sentence if they have to read the checklist first, otherwise nothing. A guest confirms it with each arm."""
        if self.profile(person) is None:
            return ""
        accepted = self.register.accepted.get(person)
        if accepted is not None and passed_s(accepted, now) < checklist.VALID_S:
            return ""
        when = "has not accepted it yet" if accepted is None else "accepted it 90 days ago"
        return (
            f"The checklist comes first: {person} {when}. Read it ('bascule people checklist'), ask a doctor, "
            f"then send people/accept {person} ('bascule people accept {person}')."
        )

    def preset(self, preset: Preset | None, person: str, now: Moment) -> Preset | None:
        """What this preset is for this person: the programme plays their week, and the last one when it is done."""
        if preset is None or preset.id != PROGRAMME:
            return preset
        earned = self.earned(person, now)
        return programme_week(FIRST if earned is None else min(earned.week, weeks()))

    # ---- what changes -----------------------------------------------------------------------------------------------

    def keep(self) -> Keep | None:
        """What is to be kept now; nothing over a file that can't be believed."""
        return None if self.wrong else Keep(FILE, dump(self.register), "a restart forgets the last change of people")

    def save(self, profile: Profile, in_programme: bool | None, week: int | None, now: Moment) -> str:
        """Add or replace a profile. `in_programme`: begin or leave it, None: as it is. `week`: go back to this one."""
        self._believe()
        person, register = profile.id, self.register
        if person in self.fixed:
            raise PeopleError(
                Reason.NOT_SAVED, f"The profile of {person} stands in the configuration, [[people]]; change it there."
            )
        if person not in register.profiles and len(register.profiles) >= MOST:
            raise PeopleError(Reason.NOT_SAVED, f"At most {MOST} people are kept; delete one first.")
        earned = self._enrolled(person, in_programme, week, self.earned(person, now))
        if profile.angle_deg is not None and profile.angle_deg > GUEST_ANGLE_DEG and not (earned and earned.done):
            raise PeopleError(
                Reason.OVER_ANGLE,
                f"{profile.angle_deg:g}° is over {GUEST_ANGLE_DEG:g}°, the most until the programme is done.",
            )
        others = {key: value for key, value in register.earned.items() if key != person}
        self.register = replace(
            register,
            profiles={**register.profiles, person: profile},
            earned=others if earned is None else {**others, person: earned},
        )
        limit = self._angle(profile, earned)
        return f"Saved {person}, with at most {limit.value:g}° ({limit.reason})."

    def _enrolled(self, person: str, wanted: bool | None, week: int | None, earned: Earned | None) -> Earned | None:
        """Where they are in the programme after this. Who leaves it begins at the first week again; done stays done."""
        if wanted is False and week is not None:
            raise PeopleError(Reason.BAD_PAYLOAD, "Who is not in the programme has no week.")
        if wanted is False and not (earned and earned.done):
            return None
        if earned is None and (wanted or week is not None):
            earned = Earned()
        if week is not None and earned is not None:
            if week > earned.week:
                raise PeopleError(
                    Reason.OVER_ANGLE, f"Week {week} is not earned yet: {person} is in week {earned.week}. "
                    "Nobody skips ahead."
                )  # fmt: skip
            if week < earned.week:
                return Earned(week, last=earned.last)
        return earned

    def delete(self, person: str) -> str:
        """Forget them. The ledger keeps the head-down time of today by id, so that nobody gains any by it."""
        self._believe()
        register, last = self.register, self.register.last
        if not any(person in part for part in (register.profiles, register.earned, register.accepted)):
            where = " They stand in the configuration, [[people]]; take them out there." if person in self.fixed else ""
            raise PeopleError(Reason.UNKNOWN_PERSON, f"Nothing is kept about {person!r}.{where}")
        self.register = Register(
            _without(register.profiles, person),
            _without(register.earned, person),
            _without(register.accepted, person),
            None if last is not None and last.person == person else last,
        )
        left = " The profile in the configuration stays, at the first week." if person in self.fixed else ""
        return f"Deleted {person}. The head-down time of the last 24 h still counts for this id.{left}"

    def accept(self, person: str, now: Moment) -> str:
        """They have read the checklist."""
        self._believe()
        if person == GUEST:
            raise PeopleError(Reason.UNKNOWN_PERSON, "A guest confirms the checklist with each arm.")
        self.register = replace(self.register, accepted={**self.register.accepted, person: now})
        return f"Accepted: {person} has read the checklist. It is asked for again in 90 days."

    # ---- sessions and answers ---------------------------------------------------------------------------------------

    def begins(self, session: str, preset: str, person: str, now: Moment) -> None:
        """A session of theirs begins: the one before can't be answered any more. The week is what it is now."""
        earned = self.earned(person, now) if self.profile(person) is not None else None
        week = earned.week if preset == PROGRAMME and earned is not None else None
        self.register = replace(
            self.register,
            earned=self.register.earned if earned is None else {**self.register.earned, person: earned},
            last=Played(session, preset, person, week),
        )

    def ends(self, reached: bool, head_down: bool, now: Moment) -> None:
        """It is over; `reached`: it was played to its end. After the programme any that went head down is a day."""
        last = self.register.last
        if last is None or last.ended is not None:
            return
        earned, known = self.register.earned.get(last.person), self.register.earned
        if earned is not None and reached and (last.week is not None or (earned.done and head_down)):
            known = {**known, last.person: played(earned, now)}
        self.register = replace(self.register, earned=known, last=replace(last, ended=now, reached=reached))

    def answer(self, symptom: bool, now: Moment) -> tuple[Played, str]:
        """What was felt after the last session. A symptom may still follow an ok; nothing undoes a symptom."""
        last = self.register.last
        if last is None:
            raise PeopleError(Reason.BUSY, "There is no session to answer for.")
        if last.answer == "symptom" or (last.answer == "ok" and not symptom):
            raise PeopleError(Reason.BUSY, "This session was answered for already.")
        known, earned = self.register.earned, self.register.earned.get(last.person)
        said = "Noted. Ask a doctor if it stays or comes again." if symptom else "Noted."
        if earned is not None:
            ended = last.ended or now
            after = answered(earned, symptom, last.week == earned.week and last.reached, ended)
            known = {**known, last.person: after}
            if symptom:
                limit = after.limit() or week_limit(weeks())
                said += f" From the next session on {last.person} has {limit.value:g}° ({limit.reason})."
        last = replace(last, answer="symptom" if symptom else "ok")
        self.register = replace(self.register, earned=known, last=last)
        return last, said

    def _believe(self) -> None:
        if self.wrong:
            raise PeopleError(Reason.NOT_SAVED, self.wrong)


def _without(known: Mapping[str, _Value], person: str) -> dict[str, _Value]:
    return {key: value for key, value in known.items() if key != person}
