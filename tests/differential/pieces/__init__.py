"""Pieces of applications, by what they are about; `generate` puts them together."""
