"""Where patients of the Geneva area live and are treated: communes and public establishments, as values.

Typed in by hand from general knowledge, for demonstration and simulation only. Establishments are real
public places whose coordinates are good to the street (100–300 m), never to the door: `quality` says
"street". Communes are given by the middle of their built-up part: "centroid". Services are what such a house
usually offers, not an official list. Populations are thousands of inhabitants, rounded, and only weigh
where invented patients live.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dispatch.engine.travel import Point


class EstablishmentKind(StrEnum):
    HOSPITAL = "hospital"
    CLINIC = "clinic"
    MEDICAL_CENTRE = "medical_centre"
    DIALYSIS = "dialysis"
    NURSING_HOME = "nursing_home"  # EMS


class PointQuality(StrEnum):
    STREET = "street"
    CENTROID = "centroid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commune:
    """A commune, or a district of the city; `population_k` in thousands."""

    name: str
    postal_code: str
    point: Point
    population_k: float
    quality: PointQuality = PointQuality.CENTROID


@dataclass(frozen=True, slots=True, kw_only=True)
class Establishment:
    """A place of care. `code` is a stable slug; `access` is what a driver wants to know at the door."""

    code: str
    name: str
    kind: EstablishmentKind
    street: str
    postal_code: str
    town: str
    point: Point
    services: tuple[str, ...]
    access: str = ""
    quality: PointQuality = PointQuality.STREET


def _commune(name: str, postal_code: str, lat: float, lon: float, population_k: float) -> Commune:
    return Commune(
        name=name, postal_code=postal_code, point=Point(lat=lat, lon=lon), population_k=population_k
    )


# The 45 communes of the canton.
COMMUNES: tuple[Commune, ...] = (
    _commune("Aire-la-Ville", "1288", 46.1903, 6.0433, 1.2),
    _commune("Anières", "1247", 46.2768, 6.2215, 2.4),
    _commune("Avully", "1237", 46.1668, 6.0045, 1.7),
    _commune("Avusy", "1285", 46.1512, 6.0052, 1.4),
    _commune("Bardonnex", "1257", 46.1505, 6.1115, 2.4),
    _commune("Bellevue", "1293", 46.2573, 6.1535, 3.9),
    _commune("Bernex", "1233", 46.1755, 6.0752, 10.2),
    _commune("Carouge", "1227", 46.1822, 6.1395, 22.5),
    _commune("Cartigny", "1236", 46.1740, 6.0193, 1.0),
    _commune("Céligny", "1298", 46.3502, 6.1948, 0.8),
    _commune("Chancy", "1284", 46.1488, 5.9713, 1.7),
    _commune("Chêne-Bougeries", "1224", 46.1988, 6.1862, 13.0),
    _commune("Chêne-Bourg", "1225", 46.1952, 6.1942, 8.9),
    _commune("Choulex", "1244", 46.2242, 6.2245, 1.3),
    _commune("Collex-Bossy", "1239", 46.2692, 6.1248, 1.6),
    _commune("Collonge-Bellerive", "1245", 46.2512, 6.2028, 8.5),
    _commune("Cologny", "1223", 46.2168, 6.1812, 5.8),
    _commune("Confignon", "1232", 46.1738, 6.0843, 4.8),
    _commune("Corsier", "1246", 46.2640, 6.2232, 2.3),
    _commune("Dardagny", "1283", 46.1952, 5.9953, 1.8),
    _commune("Genève", "1204", 46.2018, 6.1466, 23.0),
    _commune("Genthod", "1294", 46.2622, 6.1563, 2.8),
    _commune("Le Grand-Saconnex", "1218", 46.2322, 6.1218, 12.3),
    _commune("Gy", "1251", 46.2502, 6.2578, 0.5),
    _commune("Hermance", "1248", 46.3002, 6.2442, 1.1),
    _commune("Jussy", "1254", 46.2332, 6.2662, 1.3),
    _commune("Laconnex", "1287", 46.1562, 6.0352, 0.7),
    _commune("Lancy", "1212", 46.1802, 6.1222, 33.6),
    _commune("Meinier", "1252", 46.2462, 6.2332, 2.2),
    _commune("Meyrin", "1217", 46.2342, 6.0782, 26.2),
    _commune("Onex", "1213", 46.1842, 6.1012, 18.9),
    _commune("Perly-Certoux", "1258", 46.1562, 6.0922, 3.1),
    _commune("Plan-les-Ouates", "1228", 46.1682, 6.1172, 10.6),
    _commune("Pregny-Chambésy", "1292", 46.2442, 6.1442, 3.8),
    _commune("Presinge", "1243", 46.2192, 6.2562, 0.7),
    _commune("Puplinge", "1241", 46.2102, 6.2312, 2.5),
    _commune("Russin", "1281", 46.1872, 6.0142, 0.5),
    _commune("Satigny", "1242", 46.2142, 6.0352, 4.3),
    _commune("Soral", "1286", 46.1432, 6.0442, 0.9),
    _commune("Thônex", "1226", 46.1882, 6.2012, 16.0),
    _commune("Troinex", "1256", 46.1642, 6.1462, 2.6),
    _commune("Vandœuvres", "1253", 46.2212, 6.2022, 2.7),
    _commune("Vernier", "1214", 46.2172, 6.0852, 35.3),
    _commune("Versoix", "1290", 46.2822, 6.1622, 13.2),
    _commune("Veyrier", "1255", 46.1672, 6.1842, 11.8),
)

# The rest of the city, by postal district: one centroid for 200,000 people would be no place at all.
CITY_DISTRICTS: tuple[Commune, ...] = (
    _commune("Genève – Pâquis", "1201", 46.2115, 6.1462, 27.0),
    _commune("Genève – Servette", "1202", 46.2190, 6.1390, 34.0),
    _commune("Genève – Charmilles", "1203", 46.2088, 6.1275, 37.0),
    _commune("Genève – Plainpalais", "1205", 46.1965, 6.1400, 31.0),
    _commune("Genève – Champel", "1206", 46.1922, 6.1575, 21.0),
    _commune("Genève – Eaux-Vives", "1207", 46.2032, 6.1612, 22.0),
    _commune("Genève – Florissant", "1208", 46.1965, 6.1690, 12.0),
    _commune("Genève – Petit-Saconnex", "1209", 46.2205, 6.1280, 12.0),
)

HOMES: tuple[Commune, ...] = COMMUNES + CITY_DISTRICTS


def _place(  # noqa: PLR0913 - a place is one line of a table
    code: str, name: str, kind: EstablishmentKind, address: str, at: tuple[float, float], services: str,
    access: str = "",
) -> Establishment:  # fmt: skip
    street, _, locality = address.rpartition(", ")
    postal_code, _, town = locality.partition(" ")
    return Establishment(
        code=code,
        name=name,
        kind=kind,
        street=street,
        postal_code=postal_code,
        town=town,
        point=Point(lat=at[0], lon=at[1]),
        services=tuple(services.split(", ")),
        access=access,
    )


_H, _C = EstablishmentKind.HOSPITAL, EstablishmentKind.CLINIC
_M, _D = EstablishmentKind.MEDICAL_CENTRE, EstablishmentKind.DIALYSIS
_E = EstablishmentKind.NURSING_HOME

# fmt: off
ESTABLISHMENTS: tuple[Establishment, ...] = (
    _place("hug-cluse", "HUG – Cluse-Roseraie", _H, "Rue Gabrielle-Perret-Gentil 4, 1205 Genève", (46.1931, 6.1492),
           "urgences, oncologie, radiologie, chirurgie, cardiologie", "Dépose minute devant l'entrée principale"),
    _place("hug-maternite", "HUG – Maternité", _H, "Boulevard de la Cluse, 1205 Genève", (46.1938, 6.1473),
           "obstétrique, gynécologie", "Entrée boulevard de la Cluse"),
    _place("hug-enfants", "HUG – Hôpital des enfants", _H, "Rue Willy-Donzé, 1205 Genève", (46.1916, 6.1480),
           "pédiatrie, urgences pédiatriques"),
    _place("hug-beau-sejour", "HUG – Beau-Séjour", _H, "Avenue de Beau-Séjour, 1206 Genève", (46.1926, 6.1529),
           "réadaptation, rhumatologie", "Rampe à gauche de l'entrée"),
    _place("hug-trois-chene", "HUG – Trois-Chêne", _H, "Chemin du Pont-Bochet, 1226 Thônex", (46.1942, 6.2078),
           "gériatrie", "Quai couvert pour fauteuils"),
    _place("hug-loex", "HUG – Loëx", _H, "Route de Loëx, 1233 Bernex", (46.1893, 6.0702),
           "réadaptation, gériatrie"),
    _place("hug-belle-idee", "HUG – Belle-Idée", _H, "Chemin du Petit-Bel-Air, 1226 Thônex", (46.2003, 6.2118),
           "psychiatrie", "Plusieurs pavillons: demander le bâtiment"),
    _place("hug-bellerive", "HUG – Bellerive", _H, "Chemin de la Savonnière, 1245 Collonge-Bellerive", (46.2470, 6.1903),
           "soins palliatifs"),
    _place("la-tour", "Hôpital de La Tour", _H, "Avenue Jacob-Daniel-Maillard, 1217 Meyrin", (46.2322, 6.0675),
           "urgences, cardiologie, oncologie, orthopédie", "Accès fauteuils par le niveau 0"),
    _place("nyon", "Hôpital de Nyon", _H, "Chemin Monastier, 1260 Nyon", (46.3853, 6.2325),
           "chirurgie, radiologie"),
    _place("grangettes", "Clinique des Grangettes", _C, "Chemin des Grangettes, 1224 Chêne-Bougeries", (46.1976, 6.1838),
           "oncologie, radiologie, obstétrique", "Barrière: sonner à la réception"),
    _place("la-colline", "Clinique La Colline", _C, "Avenue de Beau-Séjour, 1206 Genève", (46.1931, 6.1556),
           "orthopédie, chirurgie, médecine du sport"),
    _place("generale-beaulieu", "Clinique Générale-Beaulieu", _C, "Chemin de Beau-Soleil, 1206 Genève", (46.1894, 6.1582),
           "chirurgie, oncologie, radiologie"),
    _place("carouge", "Clinique de Carouge", _C, "Avenue Cardinal-Mermillod, 1227 Carouge", (46.1868, 6.1402),
           "chirurgie ambulatoire, ophtalmologie"),
    _place("joli-mont", "Clinique de Joli-Mont", _C, "Avenue Trembley, 1209 Genève", (46.2203, 6.1268),
           "réadaptation, médecine interne"),
    _place("clinique-oeil", "Clinique de l'œil", _C, "Avenue du Bois-de-la-Chapelle, 1213 Onex", (46.1868, 6.0945),
           "ophtalmologie"),
    _place("vert-pre", "Clinique Vert-Pré", _C, "Chemin de la Colombe, 1231 Conches", (46.1838, 6.1722),
           "chirurgie ambulatoire"),
    _place("permanence-onex", "Clinique et permanence d'Onex", _C, "Route de Loëx, 1213 Onex", (46.1852, 6.0962),
           "permanence, radiologie"),
    _place("cite-generations", "Cité Générations", _M, "Route de Chancy, 1213 Onex", (46.1857, 6.0935),
           "médecine générale, permanence, physiothérapie"),
    _place("chantepoulet", "Permanence de Chantepoulet", _M, "Rue de Chantepoulet, 1201 Genève", (46.2090, 6.1437),
           "permanence, radiologie", "Zone piétonne: dépose rue du Mont-Blanc"),
    _place("eaux-vives", "Centre médical des Eaux-Vives", _M, "Rue du Jeu-de-l'Arc, 1207 Genève", (46.2037, 6.1598),
           "médecine générale, physiothérapie"),
    _place("imagerie-rive", "Imagerie médicale de Rive", _M, "Rue de Rive, 1204 Genève", (46.2024, 6.1498),
           "radiologie"),
    _place("dialyse-hug", "Dialyse – HUG Cluse-Roseraie", _D, "Rue Gabrielle-Perret-Gentil, 1205 Genève", (46.1927, 6.1487),
           "dialyse", "Ascenseur D, fauteuil prêté sur place"),
    _place("dialyse-la-tour", "Dialyse – Hôpital de La Tour", _D, "Avenue Jacob-Daniel-Maillard, 1217 Meyrin", (46.2325, 6.0682),
           "dialyse", "Entrée latérale avant 7 h"),
    _place("dialyse-grangettes", "Dialyse – Grangettes", _D, "Chemin des Grangettes, 1224 Chêne-Bougeries", (46.1979, 6.1842),
           "dialyse"),
    _place("ems-vessy", "EMS Maison de Vessy", _E, "Route de Veyrier, 1234 Vessy", (46.1792, 6.1658), "hébergement"),
    _place("ems-charmilles", "EMS Les Charmilles", _E, "Avenue Wendt, 1203 Genève", (46.2098, 6.1292), "hébergement"),
    _place("ems-butini", "EMS Butini", _E, "Chemin Gustave-Rochette, 1213 Onex", (46.1858, 6.1068), "hébergement"),
    _place("ems-petit-saconnex", "EMS Maison de retraite du Petit-Saconnex", _E, "Avenue Trembley, 1209 Genève", (46.2212, 6.1258), "hébergement"),
    _place("ems-vendee", "EMS Vendée", _E, "Chemin de la Vendée, 1213 Petit-Lancy", (46.1925, 6.1128), "hébergement"),
    _place("ems-terrassiere", "EMS La Terrassière", _E, "Rue de la Terrassière, 1207 Genève", (46.2020, 6.1572), "hébergement"),
    _place("ems-happy-days", "EMS Happy Days", _E, "Chemin de Vers, 1228 Plan-les-Ouates", (46.1690, 6.1205), "hébergement"),
    _place("ems-jura", "EMS Résidence Jura", _E, "Rue des Boudines, 1217 Meyrin", (46.2310, 6.0772), "hébergement"),
    _place("ems-mandement", "EMS Résidence Mandement", _E, "Route de la Gare, 1242 Satigny", (46.2148, 6.0368), "hébergement"),
    _place("ems-saint-loup", "EMS Saint-Loup", _E, "Route de Saint-Loup, 1290 Versoix", (46.2850, 6.1552), "hébergement"),
    _place("ems-villa-mona", "EMS Villa Mona", _E, "Route de Jussy, 1226 Thônex", (46.1968, 6.2092), "hébergement"),
    _place("ems-drize", "EMS Drize", _E, "Route de Drize, 1227 Carouge", (46.1752, 6.1418), "hébergement"),
)
# fmt: on

# Industrial areas with room for a yard of vehicles; no company of this demonstration is really there.
BASE_SMALL = Point(lat=46.1868, lon=6.1302)  # Acacias
BASE_LARGE = Point(lat=46.2108, lon=6.1012)  # Châtelaine


def establishments(*kinds: EstablishmentKind) -> tuple[Establishment, ...]:
    """Those of the given kinds, in their fixed order."""
    return tuple(place for place in ESTABLISHMENTS if place.kind in kinds)
