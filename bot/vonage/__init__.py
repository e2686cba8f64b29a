"""Vonage's dialect: its parameters, its signatures, its answers. Nobody but this package and the emulator speaks it."""
