"""Pure values and grammars that every part of monitor shares; imports nothing of monitor but its errors."""
