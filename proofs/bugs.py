"""Bugs to plant: at least one for each invariant. A proof that does not find its bug proves nothing.

Each is one change of a text that occurs once in its file. They are plausible slips: a comparison the wrong way round, a
condition forgotten, a case too many.
"""

from typing import Final, NamedTuple

KERNEL: Final = "simulator/kernel.py"
GATE: Final = "controller/gate.py"
TABLE: Final = "protocol/messages.py"


class Bug(NamedTuple):
    """The invariant that has to fall, and what is written in which file in place of what."""

    invariant: str
    path: str
    old: str
    new: str


BUGS: Final = (
    # ---- angle and rate
    Bug(
        "the_limit_is_the_tighter_of_two", KERNEL,
        "return asked_cdeg if asked_cdeg < own_cdeg else own_cdeg",
        "return max(min(asked_cdeg, own_cdeg), 0)",
    ),
    Bug(
        "no_setpoint_leads_beyond_the_tightest_limit", KERNEL,
        "tightest = asked_cdeg if asked_cdeg < limit_cdeg else limit_cdeg",
        "tightest = asked_cdeg if asked_cdeg <= limit_cdeg + 1 else limit_cdeg",
    ),
    Bug(
        "nothing_rises_one_degree_beyond_the_limit", KERNEL,
        "worst_cdeg >= limit_cdeg + OVER_ANGLE_MARGIN_CDEG",
        "worst_cdeg > limit_cdeg + OVER_ANGLE_MARGIN_CDEG",
    ),
    Bug(
        "an_angle_beyond_the_limit_is_seen", KERNEL,
        "worst_cdeg > (limit_cdeg if limit_cdeg > 0 else 0) + OVER_ANGLE_MARGIN_CDEG",
        "worst_cdeg > limit_cdeg + OVER_ANGLE_MARGIN_CDEG",
    ),
    Bug(
        "no_rate_is_beyond_the_cap", KERNEL,
        "return wanted_cdps if wanted_cdps > -cap_cdps else -cap_cdps",
        "return wanted_cdps",
    ),
    Bug("a_stop_only_ever_slows_down", KERNEL, "if last_cdps > BRAKING_STEP_CDPS:", "if last_cdps > 0:"),
    Bug(
        "a_return_is_slow_after_a_stop_or_with_an_open_lock", KERNEL,
        "SLOW_RATE_CDPS if stopped or ankles_open else",
        "SLOW_RATE_CDPS if stopped and ankles_open else",
    ),
    Bug(
        "nothing_rises_on_an_expired_lease", KERNEL,
        "return 0 <= now_ms - since_ms <= lasts_ms", "return now_ms - since_ms <= lasts_ms",
    ),
    Bug(
        "nothing_rises_on_an_expired_lease", KERNEL,
        "return armed and leased and trusted and active", "return armed and trusted and active",
    ),
    Bug(
        "nothing_is_leased_or_armed_on_a_void_stop_count", KERNEL,
        "    if quoted_stop_count != stop_count:\n        return VOID_STOP_COUNT\n    if rung_now",
        "    if quoted_stop_count > stop_count:\n        return VOID_STOP_COUNT\n    if rung_now",
    ),
    Bug(
        "nothing_is_leased_or_armed_on_a_void_stop_count", KERNEL,
        "    if quoted_stop_count != stop_count:\n        return VOID_STOP_COUNT\n    if not secured",
        "    if not secured",
    ),
    Bug(
        "nothing_rises_while_a_cause_is_active_or_latched", KERNEL,
        "active == 0 and latched == 0 and time_left_ms > 0", "active == 0 and time_left_ms > 0",
    ),
    Bug(
        "nothing_rises_while_a_cause_is_active_or_latched", KERNEL,
        "active == 0 and latched == 0 and time_left_ms > 0",
        "active & ~LEASE_EXPIRED == 0 and latched == 0 and time_left_ms > 0",
    ),
    Bug(
        "nothing_rises_unarmed", KERNEL,
        "return armed and leased and trusted and active", "return leased and trusted and active",
    ),
    Bug(
        "nothing_rises_on_an_untrusted_angle", KERNEL,
        "return armed and leased and trusted and active", "return armed and leased and active",
    ),
    Bug("nothing_rises_out_of_time", KERNEL, "and time_left_ms > 0", "and time_left_ms >= 0"),
    Bug(
        "the_way_down_is_never_refused_a_rate", KERNEL,
        "if wanted_cdps > 0 and (not increase or", "if wanted_cdps != 0 and (not increase or",
    ),
    Bug(
        "a_lease_needs_a_person_locked_in_and_a_known_angle", KERNEL,
        "if rung_now >= LEVEL or not trusted or frozen:", "if rung_now >= LEVEL or not trusted:",
    ),
    Bug(
        "a_lease_needs_a_person_locked_in_and_a_known_angle", KERNEL,
        "return NOT_ARMED if not armed and target_cdeg > angle_cdeg + RISING_CDEG else 0",
        "return NOT_ARMED if not armed and target_cdeg > RISING_CDEG else 0",
    ),
    Bug(
        "arming_needs_everything", KERNEL,
        "        and ankles_locked\n        and trusted", "        and ankles_locked",
    ),
    Bug(
        "arming_needs_everything", KERNEL,
        "return 0 if may_arm(active, latched, True", "return 0 if may_arm(0, latched, True",
    ),
    # ---- causes and rung
    Bug(
        "no_automatic_reaction_ever_leads_up", KERNEL,
        "return rate(wanted_cdps, cap_cdps, False, 0, 0)", "return rate(wanted_cdps, cap_cdps, True, -1, 0)",
    ),
    Bug(
        "no_automatic_reaction_ever_leads_up", KERNEL,
        "return FOLLOW if leased else BRAKE", "return FOLLOW",
    ),
    Bug(
        "what_was_wished_before_a_hold_or_during_it_is_void", KERNEL,
        "return (active & ~before & VOIDING) | (before & ~active & RELEASED) != 0",
        "return active & ~before & VOIDING != 0",
    ),
    Bug(
        "giving_way_to_a_stall_leads_towards_head_up_only", KERNEL,
        "    if last_cdps > 0 or last_cdps < BACK_OFF_CDPS:\n        return 0\n", "",
    ),
    Bug(
        "the_head_up_side_only_holds", KERNEL,
        "if head_down and (wished or not causes & PERSON_LOST):",
        "if head_down or not causes & PERSON_LOST:",
    ),
    Bug(
        "nothing_moves_by_itself_once_the_person_is_lost", KERNEL,
        "if head_down and (wished or not causes & PERSON_LOST):",
        "if head_down and (wished or not active & PERSON_LOST):",
    ),
    Bug(
        "nothing_drives_while_something_holds", KERNEL,
        "if active & HOLD_MASK or latched & WRONG_WAY or (latched & HOLD_MASK and not wished):",
        "if causes & HOLD_MASK and not wished:",
    ),
    Bug(
        "nothing_drives_while_something_holds", KERNEL,
        "if rung_now == HOLD and (active & HOLD_MASK or not stopped):", "if rung_now == HOLD and not stopped:",
    ),
    Bug(
        "a_release_moves_nothing", KERNEL,
        "if active & HOLD_MASK or latched & WRONG_WAY or (latched & HOLD_MASK and not wished):",
        "if active & HOLD_MASK:",
    ),
    Bug(
        "no_wish_is_kept_for_after_a_hold", KERNEL,
        "    if active & HOLD_MASK:\n        return active\n", "",
    ),
    Bug(
        "level_moves_from_the_head_down_side_below_r3", KERNEL,
        "active &= ~(STOPPED | FROZEN_LONG)", "active &= ~FROZEN_LONG",
    ),
    Bug(
        "level_moves_from_the_head_down_side_below_r3", KERNEL,
        "(latched & HOLD_MASK and not wished)", "latched & HOLD_MASK",
    ),
    Bug(
        "level_adds_nothing_on_the_head_up_side", KERNEL,
        "return active | LEVEL_WISHED if head_down else active", "return active | LEVEL_WISHED",
    ),
    Bug(
        "stop_freezes_in_every_state", KERNEL,
        "return active & ~(LEVEL_WISHED | FROZEN_LONG) | STOPPED",
        "return active & ~(LEVEL_WISHED | FROZEN_LONG) | (0 if active & HOST_SILENT else STOPPED)",
    ),
    Bug(
        "stop_freezes_in_every_state", KERNEL,
        "    if stopped:\n        return BRAKE\n    if rung_now == BLIND:\n        return RETURN_BLIND\n",
        "    if rung_now == BLIND:\n        return RETURN_BLIND\n    if stopped:\n        return BRAKE\n",
    ),
    Bug(
        "a_stop_hides_no_other_cause", KERNEL,
        "return active & ~(LEVEL_WISHED | FROZEN_LONG) | STOPPED", "return STOPPED",
    ),
    Bug("a_long_freeze_becomes_a_return", KERNEL, "and frozen_ms >= FROZEN_MS", "and frozen_ms > FROZEN_MS"),
    Bug(
        "a_long_freeze_becomes_a_return", KERNEL,
        "return active & ~STOPPED | FROZEN_LONG", "return active | FROZEN_LONG",
    ),
    Bug(
        "a_freeze_begins_anew_three_times_at_most", KERNEL,
        "restarts < FREEZE_RESTARTS", "restarts <= FREEZE_RESTARTS",
    ),
    Bug(
        "head_down_no_cause_of_a_return_ends", KERNEL,
        "    if head_down:\n        return active\n    active &= ~HOST_SILENT", "    active &= ~HOST_SILENT",
    ),
    Bug(
        "head_down_no_cause_of_a_return_ends", KERNEL,
        "    if head_down or moving:\n        return active\n", "    if moving:\n        return active\n",
    ),
    Bug(
        "silence_always_leads_home", KERNEL,
        "    if silent:\n        return active | HOST_SILENT\n    if head_down:\n        return active\n",
        "    if head_down:\n        return active\n    if silent:\n        return active | HOST_SILENT\n",
    ),
    Bug(
        "a_person_not_locked_in_is_a_cause", KERNEL,
        "return OCCUPANT_LOST if ankles_locked else PERSON_LOST", "return OCCUPANT_LOST",
    ),
    Bug(
        "causes_only_ever_join_the_latched_ones", KERNEL,
        "return latched | (active & LATCHING_MASK)", "return active & LATCHING_MASK",
    ),
    Bug(
        "causes_only_ever_join_the_latched_ones", TABLE,
        'Cause.OVER_SPEED: CauseFact("F12", Rung.HOLD, True,', 'Cause.OVER_SPEED: CauseFact("F12", Rung.HOLD, False,',
    ),
    Bug(
        "a_latched_cause_clears_only_by_acknowledgement_where_it_is_safe_and_gone", KERNEL,
        "return latched if head_down else latched & active", "return latched & active",
    ),
    Bug(
        "a_latched_cause_clears_only_by_acknowledgement_where_it_is_safe_and_gone", KERNEL,
        "return latched if head_down else latched & active", "return latched if head_down else 0",
    ),
    # ---- head-down time
    Bug(
        "a_lease_never_outlives_half_a_second", KERNEL,
        "lasts_ms = asked_ms if asked_ms < LEASE_LIMIT_MS else LEASE_LIMIT_MS", "lasts_ms = asked_ms",
    ),
    Bug(
        "head_down_time_never_decreases", KERNEL,
        "return count_ms + elapsed_ms if worst_cdeg > EXPOSED_CDEG else count_ms",
        "return count_ms + elapsed_ms if worst_cdeg > EXPOSED_CDEG else max(count_ms - elapsed_ms, 0)",
    ),
    Bug(
        "time_left_never_grows_within_an_episode", KERNEL,
        "and worst_cdeg > strictest_cdeg else strictest_cdeg", "else strictest_cdeg",
    ),
    Bug(
        "an_angle_counts_at_once", KERNEL,
        "and worst_cdeg > strictest_cdeg else strictest_cdeg",
        "and worst_cdeg > strictest_cdeg + TOLERANCE_CDEG else strictest_cdeg",
    ),
    Bug(
        "an_episode_ends_only_after_a_minute_without_a_break", KERNEL,
        "return below_ms + elapsed_ms if worst_cdeg <= EXPOSED_CDEG else 0", "return below_ms + elapsed_ms",
    ),
    Bug("a_steeper_angle_never_gives_more_time", KERNEL, "return 180_000", "return 360_000"),
    # ---- liveness
    Bug(
        "every_return_reaches_level_in_time", KERNEL,
        "return active & ~STOPPED | FROZEN_LONG", "return active & ~STOPPED",
    ),
    Bug(
        "every_return_reaches_level_in_time", KERNEL,
        "    if expired and moving:\n        active |= LEASE_EXPIRED\n",
        "    if expired and moving:\n        active |= STOPPED\n",
    ),
    Bug(
        "every_return_reaches_level_in_time", KERNEL,
        "if rung_now >= LEVEL or not trusted or frozen:\n        return LATCHED\n    if not secured:",
        "if not trusted:\n        return LATCHED\n    if not secured:",
    ),
    Bug(
        "every_return_reaches_level_in_time", KERNEL,
        "wished = head_down and active & LEVEL_WISHED != 0", "wished = active & LEVEL_WISHED != 0 and latched == 0",
    ),
    # ---- the gate
    Bug(
        "stop_and_level_pass_in_every_state", GATE,
        "    if order in _ALWAYS:\n        return out\n",
        "    if order in _ALWAYS and p.state is not State.OFFLINE:\n        return out\n",
    ),
    Bug(
        "a_grant_is_asked_for_only_by_a_sound_session_not_head_down", GATE,
        "and e.sound and not e.head_down\n", "and e.sound\n",
    ),
    Bug(
        "a_grant_is_asked_for_only_by_a_sound_session_not_head_down", GATE,
        "_GRANTED: Final = frozenset({State.ARMED,", "_GRANTED: Final = frozenset({State.ARMED, State.FROZEN,",
    ),
    Bug(
        "an_acknowledgement_goes_out_only_where_it_is_safe", GATE,
        "return KEEP if e.head_down else out", "return KEEP if e.head_down and not e.sound else out",
    ),
    Bug(
        "no_target_goes_out_beyond_a_limit", GATE,
        "elif not reserved and limit_cdeg > UNRESERVED_CDEG:", "elif not reserved and limit_cdeg < UNRESERVED_CDEG:",
    ),
    Bug("no_target_goes_out_beyond_a_limit", GATE, "    elif rate_cdps < -most_cdps:", "    elif rate_cdps < -300:"),
    Bug(
        "no_rise_goes_out_that_is_not_earned", GATE,
        "earned = state in _UPWARD and armed and sound and rung == 0 and not home",
        "earned = state in _UPWARD and sound and rung == 0 and not home",
    ),
    Bug(
        "no_rise_goes_out_that_is_not_earned", GATE,
        "if angle_cdeg <= table_cdeg + SLACK_CDEG and rate_cdps <= 0:",
        "if angle_cdeg <= table_cdeg + SLACK_CDEG or rate_cdps <= 0:",
    ),
    Bug(
        "nothing_is_steered_that_is_not_known_or_moves_by_itself", GATE,
        "if not trusted or estop or rung >= _LEVEL:", "if not trusted or estop or rung > _LEVEL:",
    ),
    Bug(
        "nothing_is_steered_that_is_not_known_or_moves_by_itself", GATE,
        "_DOWNWARD: Final = _UPWARD | {State.RISING}", "_DOWNWARD: Final = _UPWARD | {State.RISING, State.FROZEN}",
    ),
    Bug(
        "the_way_down_is_never_refused_by_the_gate", GATE,
        "        earned = state in _DOWNWARD\n", "        earned = state in _DOWNWARD and not home\n",
    ),
)  # fmt: skip
