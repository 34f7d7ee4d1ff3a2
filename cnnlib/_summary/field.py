"""Receptive field: which pixels of the input a value depends on."""
