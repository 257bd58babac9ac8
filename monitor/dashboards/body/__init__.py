"""Dashboard bodies: templates, variables, layout, one normal form, and what differs between two."""
