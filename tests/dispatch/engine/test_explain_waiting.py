from __future__ import annotations

from dataclasses import replace

from dispatch.engine.explain import why_not
from tests.dispatch.engine.builders import plan, shift, trip
from tests.dispatch.engine.test_explain import DRIVEN, priced


def test_who_lets_a_patient_wait_longer_is_told_by_how_much():
    weights = replace(DRIVEN, patient_wait_per_s=2)
    day = priced(trip("a", 1, 3, ready_s=0), shift(), shift("r", start_location=1), weights=weights)
    answer = why_not(day, plan(day, r="+a -a"), "a", "s")
    (wait,) = (reason for reason in answer.reasons if reason.key == "patient_wait")
    assert wait.points == 2 * 100
    assert wait.sentence() == "With r, patients who are ready wait 2 min less than with s."
