"""The one writer of assignment rows: brings what is in force to what is wanted, and the bookings along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, connection
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.engine.stability import is_change
from dispatch.enums import AssignedBy, BookingStatus
from dispatch.models import Assignment, Booking, DispatchRun, Handover
from dispatch.models.statuses import NOT_YET_THERE
from dispatch.notes import Note, NoteKey
from dispatch.usecases.count_changes import count_changes, lose_driver
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.note_sentences import note_sentence
from dispatch.usecases.ride_rows import RideRow

OVERLAPS = (
    "assignment_one_per_driver, assignment_one_per_vehicle, "
    "assignment_driver_in_one_vehicle, assignment_vehicle_of_one_driver"
)


class OverlapError(UseCaseError):
    """A driver or a vehicle would have two journeys at once."""

    note = Note(NoteKey.JOURNEYS_COLLIDE)

    def __init__(self) -> None:
        super().__init__(note_sentence(self.note))


@contextmanager
def overlaps_judged_at_the_end() -> Iterator[None]:
    """Journeys may change places inside; raises OverlapError if two of them still collide afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS {OVERLAPS} DEFERRED")
    yield
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS {OVERLAPS} IMMEDIATE")
    except IntegrityError as error:
        raise OverlapError from error


def write_rides(
    *,
    company_id: int,
    held: Mapping[int, Assignment],
    wanted: Mapping[int, RideRow],
    assigned_by: AssignedBy,
    run: DispatchRun | None,
    now: datetime,
) -> None:
    """`held`: booking → its row now; `wanted`: booking → what a plan says. Rows of `held` alone go.

    Runs inside the caller's transaction, on bookings that the caller has locked and found unchanged. Changes
    that a waiting patient notices are counted (see engine.stability).
    """
    writer = _Writer(company_id, assigned_by, run, now)
    kept = [(held[pk], row) for pk, row in wanted.items() if pk in held]
    changed = [(old, row) for old, row in kept if not row.equals(old)]
    new = [row for pk, row in wanted.items() if pk not in held]
    dropped = [pk for pk in held if pk not in wanted]
    with overlaps_judged_at_the_end():
        writer.drop(dropped)
        writer.rewrite(changed)
        writer.add(new)


class _Writer:
    def __init__(
        self, company_id: int, assigned_by: AssignedBy, run: DispatchRun | None, now: datetime
    ) -> None:
        self.company_id, self.assigned_by, self.run = company_id, assigned_by.value, run
        self.now = now

    def drop(self, bookings: list[int]) -> None:
        lose_driver(bookings, self.now)
        self._move(bookings, BookingStatus.ASSIGNED, BookingStatus.CONFIRMED)

    def rewrite(self, changed: list[tuple[Assignment, RideRow]]) -> None:
        ids = [old.booking_id for old, _row in changed]
        statuses = dict(Booking.objects.filter(pk__in=ids).order_by().values_list("pk", "status"))
        on_the_road = _waiting_on_the_road(ids)
        noticed: dict[int, datetime] = {}
        for old, row in changed:
            status = statuses[old.booking_id]
            waits = status in NOT_YET_THERE or old.booking_id in on_the_road
            if waits and _is_noticed(old, row):
                noticed[old.booking_id] = old.planned_pickup_at
                old.noted_pickup_at = row.planned_pickup_at
            elif status == BookingStatus.ON_BOARD and old.shift_id != row.shift_id:
                # Handed over on the road: told there when the next one comes, and later moves count from that.
                old.noted_pickup_at = row.planned_pickup_at
            if old.driver_id != row.driver_id:
                old.assigned_by, old.run = self.assigned_by, self.run
            if (
                status != BookingStatus.ON_BOARD
            ):  # from where the vehicle is by now, it is no direct way
                old.direct_s = row.direct_s
            if (
                old.shift_id != row.shift_id
            ):  # a pin holds a journey on its shift, wherever it goes next
                old.is_pinned, old.pinned_by = False, None
            row.write(old)
            old.version += 1
        fields = [*RideRow.COLUMNS, "assigned_by", "run", "is_pinned", "pinned_by", "version"]
        Assignment.objects.bulk_update([old for old, _row in changed], fields, batch_size=500)
        Booking.objects.filter(pk__in=ids).update(version=F("version") + 1)
        count_changes(noticed, self.now)

    def add(self, rows: list[RideRow]) -> None:
        created = []
        for row in rows:
            assignment = Assignment(
                company_id=self.company_id,
                booking_id=row.booking_id,
                run=self.run,
                assigned_by=self.assigned_by,
                noted_pickup_at=row.planned_pickup_at,
                direct_s=row.direct_s,
            )
            row.write(assignment)
            created.append(assignment)
        Assignment.objects.bulk_create(created, batch_size=500)
        ids = [row.booking_id for row in rows]
        self._move(ids, BookingStatus.CONFIRMED, BookingStatus.ASSIGNED)

    def _move(self, bookings: list[int], old: BookingStatus, new: BookingStatus) -> None:
        moved = Booking.objects.filter(pk__in=bookings, status=old).update(
            status=new, version=F("version") + 1
        )
        if moved != len(bookings):
            raise UseCaseError(_("A booking changed while the plan was written."))


def _waiting_on_the_road(bookings: list[int]) -> set[int]:
    """Who left a vehicle and has been told when the next one comes; who leaves it in this very write is told now."""
    waits = Handover.objects.filter(
        booking__in=bookings, place__isnull=False, resumed_at=None, price_c=None
    )
    return set(waits.order_by().values_list("booking", flat=True))


def _is_noticed(old: Assignment, row: RideRow) -> bool:
    slide = row.planned_pickup_at - (old.noted_pickup_at or old.planned_pickup_at)
    same_driver = old.driver_id == row.driver_id
    return is_change(same_driver=same_driver, slide_s=slide.total_seconds())
