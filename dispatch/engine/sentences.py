"""The engine's words: one English and one French template for each rule, broken or in the way.

Templates hold references (`{trip}`, `{shift}`, `{other}`), whole minutes (`{minutes}`, rounded up), plain
counts (`{amount}`) and times of the day (`{at}`, `{until}`); no name of a person ever enters: the caller's
`label` turns references into words (a shift into who drives it), and its `clock` seconds into what the wall
clock shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from dispatch.enums import Rule, VisitKind

Language = Literal["en", "fr"]
Label = Callable[[str], str]
Clock = Callable[[int], str]


def wall_clock(second: int) -> str:
    """Seconds since midnight as hours and minutes, on a day without a clock change."""
    return f"{second // 3600 % 24:02d}:{second % 3600 // 60:02d}"


class Sentence(NamedTuple):
    """One template in both languages."""

    en: str
    fr: str

    def said(self, language: Language) -> str:
        """The template as it stands; raises ValueError for a language the engine does not speak."""
        if language not in self._fields:
            raise ValueError(f"The engine speaks English and French, not {language!r}.")
        template: str = getattr(self, language)
        return template

    def spoken(
        self,
        language: Language,
        figures: Figures,
        label: Label = str,
        clock: Clock = wall_clock,
    ) -> str:
        """The template filled in with figures."""
        return self.said(language).format(
            trip=label(figures.trip),
            shift=label(figures.shift),
            other=label(figures.other),
            skills=", ".join(dict.fromkeys(word(skill, language) for skill in figures.skills)),
            amount=figures.amount,
            minutes=minutes(figures.amount),
            at=clock(figures.at),
            until=clock(figures.until),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a template may need; `amount` is seconds where the template speaks of minutes."""

    trip: str = ""
    shift: str = ""
    other: str = ""
    skills: tuple[str, ...] = ()
    amount: int = 0
    at: int = 0
    until: int = 0


def minutes(seconds: int) -> int:
    """Whole minutes, rounded up: one second late is late."""
    return -(-seconds // 60)


def word(skill: str, language: Language) -> str:
    """A need ("oxygen", "skill:oxygen") in words; a company's own code is said as it is."""
    code = skill.rpartition(":")[2]
    known = SKILLS.get(code)
    return code if known is None else known.said(language)


SKILLS: Mapping[str, Sentence] = {
    "oxygen": Sentence("oxygen", "oxygène"),
    "stairs": Sentence("help on stairs", "aide dans les escaliers"),
    "stretcher": Sentence("stretcher", "brancard"),
    "wheelchair": Sentence("wheelchair", "fauteuil roulant"),
    "ramp": Sentence("ramp", "rampe"),
    "lift": Sentence("lift", "hayon élévateur"),
    "seat": Sentence("seat", "siège"),
    "folded_chair": Sentence("folded wheelchair", "fauteuil plié"),
    "stairclimber": Sentence("stair climber", "monte-escalier"),
}

# A stop is served before (True) or after its window.
OFF_WINDOW: Mapping[tuple[VisitKind, bool], Sentence] = {
    (VisitKind.PICKUP, False): Sentence(
        "The pickup of trip {trip} (shift {shift}) is {minutes} min later than its time window.",
        "La prise en charge de la course {trip} (service {shift}) a lieu {minutes} min après sa plage horaire.",
    ),
    (VisitKind.PICKUP, True): Sentence(
        "The pickup of trip {trip} (shift {shift}) is {minutes} min earlier than its time window.",
        "La prise en charge de la course {trip} (service {shift}) a lieu {minutes} min avant sa plage horaire.",
    ),
    (VisitKind.DROPOFF, False): Sentence(
        "The arrival of trip {trip} (shift {shift}) is {minutes} min later than its time window.",
        "L’arrivée de la course {trip} (service {shift}) a lieu {minutes} min après sa plage horaire.",
    ),
    (VisitKind.DROPOFF, True): Sentence(
        "The arrival of trip {trip} (shift {shift}) is {minutes} min earlier than its time window.",
        "L’arrivée de la course {trip} (service {shift}) a lieu {minutes} min avant sa plage horaire.",
    ),
}

# A plan breaks the rule.
VIOLATIONS: Mapping[Rule, Sentence] = {
    Rule.CAPACITY: Sentence(
        "Trip {trip} does not fit in the vehicle of shift {shift}: places missing {amount}.",
        "La course {trip} n’a pas de place dans le véhicule du service {shift} : il en manque {amount}.",
    ),
    Rule.SKILLS: Sentence(
        "Shift {shift} lacks what trip {trip} needs: {skills}.",
        "Il manque au service {shift} ce que demande la course {trip} : {skills}.",
    ),
    Rule.SHIFT: Sentence(
        "Shift {shift} drives {minutes} min outside its hours of duty.",
        "Le service {shift} roule {minutes} min hors de ses heures de service.",
    ),
    Rule.DURATION: Sentence(
        "The tour of shift {shift} is {minutes} min too long.",
        "La tournée du service {shift} est trop longue de {minutes} min.",
    ),
    Rule.BREAK: Sentence(
        "Shift {shift} does not get its break {other} as it should.",
        "Le service {shift} n’a pas sa pause {other} comme il se doit.",
    ),
    Rule.TIME_WINDOW: Sentence(
        "Trip {trip} (shift {shift}) is served {minutes} min outside its time window.",
        "La course {trip} (service {shift}) est servie {minutes} min hors de sa plage horaire.",
    ),
    Rule.MAX_RIDE_TIME: Sentence(
        "The patient of trip {trip} (shift {shift}) is on board {minutes} min longer than allowed.",
        "Le patient de la course {trip} (service {shift}) reste à bord {minutes} min de trop.",
    ),
    Rule.EXCLUDED_DRIVER: Sentence(
        "Trip {trip} must not be driven by the driver of shift {shift}.",
        "La course {trip} ne doit pas être confiée au chauffeur du service {shift}.",
    ),
    Rule.TRANSITION_MARGIN: Sentence(
        "Shift {shift} lacks {minutes} min of margin before trip {trip}.",
        "Il manque au service {shift} {minutes} min de marge avant la course {trip}.",
    ),
    Rule.POOLING: Sentence(
        "Trips {trip} and {other} may not be on board together (shift {shift}).",
        "Les courses {trip} et {other} ne peuvent pas être à bord ensemble (service {shift}).",
    ),
    Rule.WORKLOAD_CAP: Sentence(
        "Shift {shift} has more trips than it may: {amount} too many.",
        "Le service {shift} a plus de courses qu’il ne peut : {amount} de trop.",
    ),
    Rule.PINNED: Sentence(
        "Trip {trip} was fixed on shift {other}, not on shift {shift}.",
        "La course {trip} a été fixée sur le service {other}, pas sur le service {shift}.",
    ),
    Rule.FREEZE_TIME: Sentence(
        "Shift {shift} does not begin with what it is committed to: {other}.",
        "Le service {shift} ne commence pas par ce à quoi il est engagé : {other}.",
    ),
    Rule.SEQUENCE: Sentence(
        "Shift {shift} cannot serve {other} in this order and at these times.",
        "Le service {shift} ne peut pas servir {other} dans cet ordre et à ces heures.",
    ),
    Rule.COVERAGE: Sentence(
        "Trip {trip} is neither planned nor listed as unassigned.",
        "La course {trip} n’est ni planifiée ni listée comme non attribuée.",
    ),
    Rule.SAME_DRIVER: Sentence(
        "Trip {trip} (shift {shift}) has another driver than trip {other}.",
        "La course {trip} (service {shift}) n’a pas le même chauffeur que la course {other}.",
    ),
    Rule.PREFERRED_DRIVER: Sentence(
        "Trip {trip} is driven by none of the preferred drivers (shift {shift}).",
        "La course {trip} n’a aucun des chauffeurs préférés (service {shift}).",
    ),
    Rule.FAIRNESS: Sentence(
        "The loads of the drivers differ by {amount} trips over the window.",
        "Les charges des chauffeurs diffèrent de {amount} courses sur la période.",
    ),
    Rule.EMERGENCY_LAST: Sentence(
        "The emergency shift {shift} is used; its trips: {amount}.",
        "Le service de secours {shift} est utilisé ; ses courses : {amount}.",
    ),
    Rule.OPTIONAL_BREAK: Sentence(
        "Shift {shift} goes without its optional break {other} ({minutes} min).",
        "Le service {shift} se passe de sa pause facultative {other} ({minutes} min).",
    ),
    Rule.STABILITY: Sentence(
        "Trip {trip} changes driver from the plan in force (now shift {shift}).",
        "La course {trip} change de chauffeur par rapport au plan en vigueur (service {shift}).",
    ),
}

DETOUR = Sentence(
    "Trip {trip} (shift {shift}) is {minutes} min over the detour that sharing may cost.",
    "La course {trip} (service {shift}) dépasse de {minutes} min le détour permis par le groupage.",
)

# What stands in the way of giving this trip to a shift; {other} is another trip, which would suffer.
REFUSALS: Mapping[Rule, Sentence] = {
    Rule.CAPACITY: Sentence(
        "{shift} has no place free in the vehicle for this trip at that time.",
        "{shift} n’a pas de place libre dans le véhicule pour cette course à ce moment.",
    ),
    Rule.SKILLS: Sentence(
        "{shift} lacks what this trip needs: {skills}.",
        "{shift} n’a pas ce que demande cette course : {skills}.",
    ),
    Rule.SHIFT: Sentence(
        "{shift} is on duty until {at} at the latest, {minutes} min too early for this trip.",
        "{shift} est en service jusqu’à {at} au plus tard, {minutes} min trop tôt pour cette course.",
    ),
    Rule.DURATION: Sentence(
        "With this trip, the tour would be {minutes} min too long for {shift}.",
        "Avec cette course, la tournée serait trop longue de {minutes} min pour {shift}.",
    ),
    Rule.BREAK: Sentence(
        "With this trip, {shift} would have no room left for the break.",
        "Avec cette course, {shift} n’aurait plus de place pour la pause.",
    ),
    Rule.TIME_WINDOW: Sentence(
        "With this trip, {shift} would be {minutes} min late for trip {other}.",
        "Avec cette course, {shift} aurait {minutes} min de retard pour la course {other}.",
    ),
    Rule.MAX_RIDE_TIME: Sentence(
        "With this trip, {shift} would keep the patient of trip {other} on board {minutes} min too long.",
        "Avec cette course, {shift} garderait le patient de la course {other} à bord {minutes} min de trop.",
    ),
    Rule.EXCLUDED_DRIVER: Sentence(
        "{shift} is excluded for this patient.", "{shift} est exclu pour ce patient."
    ),
    Rule.POOLING: Sentence(
        "With {shift}, this trip would share the vehicle in a way that is not allowed.",
        "Avec {shift}, cette course serait groupée d’une façon non permise.",
    ),
    Rule.WORKLOAD_CAP: Sentence(
        "{shift} already has as many trips as allowed.",
        "{shift} a déjà autant de courses que permis.",
    ),
    Rule.PINNED: Sentence(
        "A person fixed this trip with another driver than {shift}.",
        "Une personne a fixé cette course avec un autre chauffeur que {shift}.",
    ),
    Rule.FREEZE_TIME: Sentence(
        "This trip has begun, or is about to, with another driver than {shift}.",
        "Cette course a commencé, ou va commencer, avec un autre chauffeur que {shift}.",
    ),
}

# The same where it is this very trip that would suffer.
OWN_REFUSALS: Mapping[Rule, Sentence] = {
    Rule.TIME_WINDOW: Sentence(
        "{shift} would be {minutes} min too late for this trip.",
        "{shift} aurait {minutes} min de retard pour cette course.",
    ),
    Rule.MAX_RIDE_TIME: Sentence(
        "With {shift}, the patient would be on board {minutes} min too long.",
        "Avec {shift}, le patient serait à bord {minutes} min de trop.",
    ),
}

TOO_SMALL = Sentence(
    "{shift} drives a vehicle without the places that this trip needs.",
    "{shift} conduit un véhicule sans les places que demande cette course.",
)

NOT_YET_ON_DUTY = Sentence(
    "{shift} is on duty from {at} at the earliest, {minutes} min too late for this trip.",
    "{shift} est en service à partir de {at} au plus tôt, {minutes} min trop tard pour cette course.",
)

# Nobody drives the trip; the rule is the one nearest to success over all shifts.
UNASSIGNED: Mapping[Rule, Sentence] = {
    Rule.CAPACITY: Sentence(
        "No suitable vehicle has a place free when the trip needs it.",
        "Aucun véhicule adapté n’a de place libre au moment voulu.",
    ),
    Rule.SKILLS: Sentence(
        "No shift on duty has all the skills, equipment and places the trip needs.",
        "Aucun service n’a toutes les compétences, l’équipement et les places que demande la course.",
    ),
    Rule.SHIFT: Sentence(
        "No suitable shift is on duty at the right time for long enough.",
        "Aucun service adapté n’est en fonction au bon moment assez longtemps.",
    ),
    Rule.DURATION: Sentence(
        "On the nearest shift the tour would become too long.",
        "Sur le service le plus proche, la tournée deviendrait trop longue.",
    ),
    Rule.BREAK: Sentence(
        "On the nearest shift it would leave no room for the driver’s break.",
        "Sur le service le plus proche, elle ne laisserait pas de place pour la pause.",
    ),
    Rule.TIME_WINDOW: Sentence(
        "Nobody can keep the times.",
        "Personne ne peut tenir les heures.",
    ),
    Rule.MAX_RIDE_TIME: Sentence(
        "On the nearest shift a patient would be on board too long.",
        "Sur le service le plus proche, un patient resterait trop longtemps à bord.",
    ),
    Rule.EXCLUDED_DRIVER: Sentence(
        "Every driver with the right skills and vehicle is excluded for this patient.",
        "Chaque chauffeur qui a les compétences et le véhicule voulus est exclu pour ce patient.",
    ),
    Rule.POOLING: Sentence(
        "On the nearest shift it would have to be shared in a way that is not allowed.",
        "Sur le service le plus proche, elle devrait être groupée d’une façon non permise.",
    ),
    Rule.WORKLOAD_CAP: Sentence(
        "The nearest suitable shift has as many trips as it may.",
        "Le service adapté le plus proche a déjà autant de courses que permis.",
    ),
    Rule.PINNED: Sentence(
        "It is fixed on a shift that cannot take it.",
        "Elle est fixée sur un service qui ne peut pas la prendre.",
    ),
    Rule.FREEZE_TIME: Sentence(
        "It has begun on a shift whose route does not hold it.",
        "Elle a commencé sur un service dont la tournée ne la contient pas.",
    ),
    Rule.COVERAGE: Sentence(
        "Nothing stands in the way: the trip can be planned.",
        "Rien ne s’y oppose : la course peut être planifiée.",
    ),
    Rule.UNKNOWN_COORDINATES: Sentence(
        "The place of the pickup or of the drop-off is unknown.",
        "Le lieu de prise en charge ou de dépose est inconnu.",
    ),
}

# The same of the one shift that a person fixed the trip to: no other was asked.
FIXED: Mapping[Rule, Sentence] = {
    Rule.CAPACITY: Sentence(
        "It is fixed with {shift}, who has no place free in the vehicle at that time.",
        "Elle est fixée avec {shift}, qui n’a pas de place libre dans le véhicule à ce moment.",
    ),
    Rule.SKILLS: Sentence(
        "It is fixed with {shift}, who lacks the skills or the equipment it needs.",
        "Elle est fixée avec {shift}, qui n’a pas les compétences ou l’équipement qu’il lui faut.",
    ),
    Rule.SHIFT: Sentence(
        "It is fixed with {shift}, who is not on duty at the right time for long enough.",
        "Elle est fixée avec {shift}, qui n’est pas en service au bon moment assez longtemps.",
    ),
    Rule.DURATION: Sentence(
        "It is fixed with {shift}, whose tour would become too long.",
        "Elle est fixée avec {shift}, dont la tournée deviendrait trop longue.",
    ),
    Rule.BREAK: Sentence(
        "It is fixed with {shift}, who would have no room left for the break.",
        "Elle est fixée avec {shift}, qui n’aurait plus de place pour la pause.",
    ),
    Rule.TIME_WINDOW: Sentence(
        "It is fixed with {shift}, who cannot keep the times.",
        "Elle est fixée avec {shift}, qui ne peut pas tenir les heures.",
    ),
    Rule.MAX_RIDE_TIME: Sentence(
        "It is fixed with {shift}, who would keep a patient on board too long.",
        "Elle est fixée avec {shift}, qui garderait un patient trop longtemps à bord.",
    ),
    Rule.EXCLUDED_DRIVER: Sentence(
        "It is fixed with {shift}, who is excluded for this patient.",
        "Elle est fixée avec {shift}, qui est exclu pour ce patient.",
    ),
    Rule.POOLING: Sentence(
        "It is fixed with {shift}, where it would be shared in a way that is not allowed.",
        "Elle est fixée avec {shift}, où elle serait groupée d’une façon non permise.",
    ),
    Rule.WORKLOAD_CAP: Sentence(
        "It is fixed with {shift}, who has as many trips as allowed.",
        "Elle est fixée avec {shift}, qui a déjà autant de courses que permis.",
    ),
}

FIXED_TOO_SMALL = Sentence(
    "It is fixed with {shift}, whose vehicle does not have the places it needs, not even empty.",
    "Elle est fixée avec {shift}, dont le véhicule n’a pas les places qu’il lui faut, même vide.",
)

# By how much the shift spoken of misses it: proved, the least number of whole minutes.
SHORTFALLS: Mapping[Rule, Sentence] = {
    Rule.TIME_WINDOW: Sentence(
        "With {shift}, windows {minutes} min wider at both ends would do.",
        "Avec {shift}, des plages plus larges de {minutes} min de chaque côté suffiraient.",
    ),
    Rule.SHIFT: Sentence(
        "With {shift}, {minutes} min more on duty at both ends would do.",
        "Avec {shift}, {minutes} min de service de plus au début et à la fin suffiraient.",
    ),
    Rule.DURATION: Sentence(
        "With {shift}, a tour {minutes} min longer would do.",
        "Avec {shift}, une tournée plus longue de {minutes} min suffirait.",
    ),
    Rule.MAX_RIDE_TIME: Sentence(
        "With {shift}, {minutes} min more on board would do.",
        "Avec {shift}, {minutes} min à bord de plus suffiraient.",
    ),
}

NO_PLACES = Sentence(
    "No vehicle on duty that day has the places this trip needs, not even empty.",
    "Aucun véhicule en service ce jour-là n’a les places que demande cette course, même vide.",
)

NO_SHIFT = Sentence("No shift is on duty.", "Aucun service n’est en fonction.")
