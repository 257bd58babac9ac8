"""Dashboard bodies: templates, variables, layout, normal form and differences."""
