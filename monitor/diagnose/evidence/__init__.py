"""What is known of a function before anything is judged: gathered, saved and read again."""
