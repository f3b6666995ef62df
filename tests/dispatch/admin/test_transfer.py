"""CSV at the desks: looked at first, written as it was looked at, and only by who may write."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncRequestFactory
from django.urls import reverse

from dispatch.models import Vehicle
from tests.dispatch.admin.conftest import make_world

pytestmark = pytest.mark.django_db

HEAD = "plate;name;equipment;configurations\n"
GOOD = f"{HEAD}GE 900;Van;ramp;3+1+0+0\n"


def page(desk, what):
    return reverse(f"admin:dispatch_{desk}_{what}")


def upload(client, text, desk="vehicle", **more):
    content = text if isinstance(text, bytes) else text.encode()
    form = client.get(page(desk, "import")).context["form"]
    company = form.fields["company"].initial
    values = {"file": SimpleUploadedFile("rows.csv", content, "text/csv")}
    values |= {"company": company.pk} if company else {}
    return client.post(page(desk, "import"), values | more)


def body(response):
    return b"".join(response.streaming_content).decode()


def test_a_file_is_looked_at_and_then_written(world, client_of):
    client = client_of("admin")
    looked = upload(client, GOOD)
    assert "<strong>1</strong> new" in looked.content.decode()
    assert not Vehicle.objects.filter(plate="GE 900").exists()
    answer = client.post(page("vehicle", "import"), {"token": looked.context["token"]}, follow=True)
    assert "1 new and 0 changed" in str(next(iter(answer.context["messages"])))
    assert Vehicle.objects.get(plate="GE 900").company == world.company


def test_a_file_that_cannot_be_kept_is_asked_for_later(world, client_of, settings):
    client = client_of("admin")
    client.raise_request_exception = False
    token = upload(client, GOOD).context["token"]
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}
    for answer in (upload(client, GOOD), client.post(page("vehicle", "import"), {"token": token})):
        assert answer.status_code == 503
        assert "please try again in a moment" in answer.content.decode()
    assert not Vehicle.objects.filter(plate="GE 900").exists()


def test_a_kept_file_is_written_once_and_by_who_sent_it(world, client_of):
    token = upload(client_of("admin"), GOOD).context["token"]
    for person in ("superuser", "outsider"):
        client_of(person).post(page("vehicle", "import"), {"token": token})
    assert client_of("admin").post(page("booking", "import"), {"token": token}).status_code == 302
    assert not Vehicle.objects.filter(plate="GE 900").exists()
    client = client_of("admin")
    client.post(page("vehicle", "import"), {"token": token})
    again = client.post(page("vehicle", "import"), {"token": token}, follow=True)
    assert "choose it again" in str(list(again.context["messages"])[-1])
    assert Vehicle.objects.filter(plate="GE 900").count() == 1


def test_what_became_wrong_meanwhile_is_not_written(world, client_of):
    client = client_of("admin")
    taken = world.rows["vehicle"]
    token = upload(client, f"plate;base\n{taken.plate};{world.rows['place'].name}\n").context[
        "token"
    ]
    world.rows["place"].name = "Renamed"
    world.rows["place"].save()
    answer = client.post(page("vehicle", "import"), {"token": token})
    assert answer.context["report"].problems[0].column == "base"


def test_what_is_wrong_is_told_line_by_line(world, client_of):
    shown = upload(client_of("admin"), f"{HEAD}GE 900;Van;rocket;3+0+0+0\nGE 901;;;\n")
    text = shown.content.decode()
    assert "Nothing was written" in text
    assert "token" not in shown.context
    assert "rocket" in text
    wrong = [(p.line, p.column) for p in shown.context["report"].problems]
    assert wrong == [(2, "equipment"), (3, "name")]


def test_of_several_companies_the_one_last_worked_on_stands_first(world, client_of):
    make_world(name="Aaa")
    client = client_of("superuser")

    def chosen(what):
        return client.get(page("vehicle", what)).context["form"].fields["company"].initial

    assert (chosen("import"), chosen("export")) == (None, None)
    looked = upload(client, GOOD, company=world.company.pk)
    assert "Write 1 line<" in looked.content.decode()
    assert (chosen("import"), chosen("export")) == (world.company, world.company)


@pytest.mark.parametrize("content", [b"", b"plate\n\0", b"PK\x03\x04", b"x" * 5_100_000])
def test_what_is_no_csv_is_refused_on_the_page(world, client_of, content):
    shown = upload(client_of("admin"), content)
    assert shown.status_code == 200
    report = shown.context.get("report")
    assert shown.context["form"].errors or report.problems


def test_what_a_file_says_is_shown_as_text(world, client_of):
    shown = upload(client_of("admin"), f"{HEAD}GE 900;<script>alert(1)</script>;ramp;3+1+0+0\n")
    assert b"<script>alert" not in shown.content


@pytest.mark.parametrize("desk", ["booking", "driver", "vehicle"])
def test_who_may_bring_in_and_take_out(world, client_of, desk):
    for person in ("admin", "superuser"):
        assert client_of(person).get(page(desk, "import")).status_code == 200
    dispatcher = client_of("dispatcher").get(page(desk, "import")).status_code
    assert dispatcher == (200 if desk == "booking" else 403)
    for person in ("auditor", "driver"):
        assert client_of(person).get(page(desk, "import")).status_code == 403
    assert client_of("auditor").get(page(desk, "export")).status_code == 200
    assert client_of("driver").get(page(desk, "export")).status_code == 403
    assert client_of("auditor").get(page(desk, "changelist")).content.count(b"Import CSV") == 0


def test_an_export_holds_the_rows_of_the_company(world, client_of):
    other = make_world()
    response = client_of("auditor").get(page("vehicle", "export"))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith(
        f'attachment; filename="vehicles-{world.company.slug}'
    )
    text = body(response)
    assert world.rows["vehicle"].plate in text
    assert other.rows["vehicle"].plate not in text


def test_bookings_are_exported_by_day(world, client_of):
    client = client_of("auditor")
    assert client.get(page("booking", "export")).templates
    asked = {"company": world.company.pk, "on": "2026-06-17"}
    assert body(client.get(page("booking", "export"), asked)).count("\r\n") == 4
    assert (
        body(client.get(page("booking", "export"), asked | {"on": "2026-06-18"})).count("\r\n") == 1
    )


def test_the_company_of_another_is_no_choice(world, client_of):
    other = make_world()
    asked = {"company": other.company.pk}
    assert not hasattr(
        client_of("admin").get(page("booking", "export"), asked), "streaming_content"
    )
    shown = upload(client_of("admin"), GOOD, company=other.company.pk)
    assert "company" in shown.context["form"].errors


def test_behind_an_asynchronous_server_it_streams_as_well(world):
    request = AsyncRequestFactory().get(page("vehicle", "export"))
    request.user = world.people["auditor"]
    request.session = {}  # type: ignore[assignment]
    desk: Any = admin.site._registry[Vehicle]
    response = desk.export_view(request)
    assert response.is_async

    async def collect():
        return b"".join([piece async for piece in response.streaming_content]).decode()

    assert world.rows["vehicle"].plate in async_to_sync(collect)()
