"""Vonage played on this machine: its wire, its webhooks, and a page of phones to text with."""
