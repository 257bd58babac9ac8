"""The forms in which people save logs: one file for each, a registry, and detection by evidence."""
