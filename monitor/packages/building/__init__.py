"""Build packages from a project: dependencies, bytecode, layers, images."""
