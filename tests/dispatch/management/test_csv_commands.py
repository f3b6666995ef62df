"""`import_csv` and `export_csv`: dry unless told, all or nothing, and exit codes a script can rely on."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dispatch.models import Vehicle
from tests.factories import make_booking, make_company, make_vehicle

HEAD = "plate;name;equipment;configurations"
GOOD = f"{HEAD}\nGE 1;Van;ramp;3+1+0+0\n"

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    def written(text):
        path = tmp_path / "rows.csv"
        path.write_text(text, "utf-8")
        return str(path)

    return written


def run(name, *arguments):
    out, err = StringIO(), StringIO()
    call_command(name, *arguments, stdout=out, stderr=err)
    return out.getvalue()


def test_it_is_dry_unless_told(file):
    make_company()
    assert "Would write: 1 new" in run("import_csv", "vehicles", file(GOOD))
    assert not Vehicle.objects.exists()
    assert "Written: 1 new" in run("import_csv", "vehicles", file(GOOD), "--wet-run")
    assert Vehicle.objects.get().plate == "GE 1"


def test_one_wrong_line_keeps_the_good_ones_out(file):
    make_company()
    err = StringIO()
    with pytest.raises(CommandError, match="Nothing was written") as failure:
        call_command(
            "import_csv",
            "vehicles",
            file(GOOD + "GE 2;Car;rocket;3+0+0+0\n"),
            "--wet-run",
            stdout=StringIO(),
            stderr=err,
        )
    assert failure.value.returncode == 1
    assert "line 3, column “equipment”" in err.getvalue()
    assert not Vehicle.objects.exists()


def test_the_report_as_json(file):
    make_company()
    out = StringIO()
    with pytest.raises(CommandError):
        call_command(
            "import_csv",
            "vehicles",
            file(f"{HEAD}\nGE 1;;;x\n"),
            "--json",
            stdout=out,
            stderr=StringIO(),
        )
    report = json.loads(out.getvalue())
    assert report["written"] is False
    assert [(p["line"], p["column"]) for p in report["problems"]] == [
        (2, "configurations"), (2, "name"),
    ]  # fmt: skip


def test_an_export_read_back_leaves_nothing_to_do(file):
    make_vehicle(make_company(), name="=Élan")
    text = run("export_csv", "vehicles")
    with pytest.raises(SystemExit) as ending:
        run("import_csv", "vehicles", file(text), "--wet-run")
    assert ending.value.code == 4


def test_the_company_is_named_where_there_are_several(file):
    one, other = make_company(slug="one"), make_company(slug="other")
    make_vehicle(other)
    with pytest.raises(CommandError, match="one, other") as failure:
        run("import_csv", "vehicles", file(GOOD))
    assert failure.value.returncode == 2
    with pytest.raises(CommandError, match="no company “third”"):
        run("export_csv", "vehicles", "--company", "third")
    run("import_csv", "vehicles", file(GOOD), "--company", "one", "--wet-run")
    assert Vehicle.objects.get(company=one).plate == "GE 1"
    assert Vehicle.objects.filter(company=other).count() == 1


def test_bookings_of_one_day():
    booking = make_booking(make_company())
    assert booking.reference in run("export_csv", "bookings", "--on", "2026-06-17")
    assert booking.reference not in run("export_csv", "bookings", "--on", "2026-06-18")
    with pytest.raises(CommandError, match="Only bookings"):
        run("export_csv", "drivers", "--on", "2026-06-17")


def test_a_file_that_is_not_there():
    make_company()
    with pytest.raises(CommandError, match=r"no\.csv cannot be read") as failure:
        run("import_csv", "vehicles", "no.csv")
    assert failure.value.returncode == 2


def test_rows_as_json_have_the_names_of_their_columns():
    make_vehicle(make_company(), name="=Élan")
    (line,) = run("export_csv", "vehicles", "--json").splitlines()
    assert json.loads(line)["name"] == "=Élan"
