"""Content-addressed storage for takes, mastered clips and encoded files."""
