"""Find the imports that can run later: by trying, watching and comparing."""
