"""What create, diff, read, update and delete do to real storage."""
