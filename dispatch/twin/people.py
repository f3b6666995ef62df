"""What invented people are called: names nobody bears, streets that do not exist, numbers that never ring."""

from __future__ import annotations

from random import Random

FIRST_NAMES: tuple[str, ...] = (
    "Adèle", "Aleksandar", "Aline", "Amara", "Anouk", "Arben", "Beat", "Bianca", "Boris", "Carmen",
    "Chiara", "Claude", "Dario", "Denise", "Dragana", "Edmond", "Elif", "Erika", "Fabio", "Fatou",
    "Gaston", "Giulia", "Hanna", "Heidi", "Inês", "Ivan", "Jana", "Joaquim", "Josette", "Kofi",
    "Lena", "Lucien", "Mehmet", "Mirjeta", "Monique", "Nadia", "Nils", "Odette", "Paulo", "Pia",
    "Quentin", "Rosa", "Samir", "Selma", "Tamar", "Ursula", "Viktor", "Wanda", "Yann", "Zoé",
)  # fmt: skip

# Every one of them is built from a word for "example", "model", "trial" or "imaginary".
LAST_NAMES: tuple[str, ...] = (
    "Abstrakti", "Beispieler", "Brouillonnaz", "Copiescu", "Démonet", "Ejemplas", "Esbozar", "Essayaz",
    "Exemplier", "Factizio", "Fictivoz", "Figurantet", "Gabarini", "Hypothesov", "Illustrand", "Imaginaz",
    "Inventini", "Kopiermann", "Maquettaz", "Mockupovic", "Modelluzzi", "Musterlin", "Örnekçi", "Paradigmo",
    "Patronnet", "Placeholdi", "Probanti", "Prototti", "Provisoz", "Répliquet", "Sampleton", "Schablon",
    "Shembulli", "Simulescu", "Spécimenaz", "Synthétoud", "Testaroz", "Uzorak", "Versuchli", "Virtuelli",
)  # fmt: skip

STREETS: tuple[str, ...] = (
    "Chemin de l'Exemple", "Rue du Brouillon", "Avenue des Essais", "Rue de la Maquette",
    "Chemin du Gabarit", "Route du Prototype", "Rue des Inventés", "Place du Modèle",
    "Chemin de l'Hypothèse", "Rue de l'Échantillon", "Avenue du Spécimen", "Passage du Calque",
)  # fmt: skip


def person_name(rng: Random) -> tuple[str, str]:
    """First and last name."""
    return rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)


def street_address(rng: Random) -> str:
    return f"{rng.choice(STREETS)} {rng.randint(1, 98)}"


def phone_number(index: int) -> str:
    """A number of the block 022 555 xx xx, which is not given to anybody."""
    return f"022 555 {index // 100 % 100:02d} {index % 100:02d}"
