"""Packages made from a project: dependencies, bytecode, layers, images."""
