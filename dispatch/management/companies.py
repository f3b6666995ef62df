"""Which company a command works for: the one it names, or the only one there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.management.base import CommandError

from dispatch.models import Company

if TYPE_CHECKING:
    from argparse import ArgumentParser

USAGE = 2


def add_company_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--company",
        default="",
        metavar="SLUG",
        help="short name of the company; not needed when there is only one",
    )


def chosen_company(slug: str) -> Company:
    companies = {company.slug: company for company in Company.objects.all()}
    if not slug and len(companies) == 1:
        return next(iter(companies.values()))
    if slug in companies:
        return companies[slug]
    there_are = ", ".join(sorted(companies)) or "none yet"
    said = f"There is no company “{slug}”" if slug else "Say which company with --company"
    raise CommandError(f"{said} (there are: {there_are}).", returncode=USAGE)
