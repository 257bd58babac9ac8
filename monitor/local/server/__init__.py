"""The stack itself: one endpoint on 127.0.0.1, its dispatcher, its start and its shutdown."""
