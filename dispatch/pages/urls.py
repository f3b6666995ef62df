"""The addresses of the pages."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path, register_converter

from dispatch.pages import actions, breakdown, journey_actions, views
from dispatch.pages.by_hand import by_hand
from dispatch.pages.choices import choices
from dispatch.pages.day_moves import moves
from dispatch.pages.days import DayConverter
from dispatch.pages.drivers import drivers
from dispatch.pages.policy import strict
from dispatch.pages.what_if import what_if

register_converter(DayConverter, "day")

app_name = "pages"
urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.icon, name="icon"),
    path("login/", strict(LoginView.as_view(redirect_authenticated_user=True)), name="login"),
    path("logout/", LogoutView.as_view(next_page="pages:login"), name="logout"),
    path("days/<day:day>/", views.day, name="day"),
    path("days/<day:day>/plan/", actions.plan, name="plan"),
    path("days/<day:day>/what-if/", what_if, name="what-if"),
    path("days/<day:day>/choices/", choices, name="choices"),
    path("days/<day:day>/by-hand/", by_hand, name="by-hand"),
    path("days/<day:day>/moves/", moves, name="moves"),
    path("days/<day:day>/roll-out/", actions.roll_out, name="roll-out"),
    path("proposals/<int:run_id>/", views.proposal, name="proposal"),
    path("proposals/<int:run_id>/apply/", actions.apply, name="apply"),
    path("proposals/<int:run_id>/discard/", actions.discard, name="discard"),
    path("bookings/<int:booking_id>/why/", views.why, name="why"),
    path("bookings/<int:booking_id>/drivers/", drivers, name="drivers"),
    path("bookings/<int:booking_id>/give/", journey_actions.give, name="give"),
    path("bookings/<int:booking_id>/move/", journey_actions.move, name="move"),
    path("bookings/<int:booking_id>/take-off/", journey_actions.take_off, name="take-off"),
    path("bookings/<int:booking_id>/progress/", journey_actions.progress, name="progress"),
    path("bookings/<int:booking_id>/find-driver/", actions.find_driver, name="find-driver"),
    path("bookings/<int:booking_id>/ready/", actions.ready, name="ready"),
    path("bookings/<int:booking_id>/not-ready/", actions.not_ready, name="not-ready"),
    path("bookings/<int:booking_id>/resumed/", breakdown.resumed, name="resumed"),
    path("shifts/<int:shift_id>/breakdown/", breakdown.breakdown, name="breakdown"),
    path("shifts/<int:shift_id>/price-rescue/", breakdown.priced, name="price-rescue"),
    path("shifts/<int:shift_id>/rescue/", breakdown.rescue, name="rescue"),
    path("shifts/<int:shift_id>/hand-over/", breakdown.hand_over, name="hand-over"),
]
