"""What is drawn of a project's sounds."""
