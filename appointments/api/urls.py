"""Doctors and their time; appointments, meetings and records."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
