"""Clients that others' generators make of docs/openapi.yaml, and what each is driven through."""
