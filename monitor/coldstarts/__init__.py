"""`monitor coldstarts`: each cold start, and where its init time was spent."""
