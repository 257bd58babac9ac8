"""`monitor tail`: from the options to the lines on the screen."""
