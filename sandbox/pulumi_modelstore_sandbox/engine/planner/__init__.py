"""Which steps lead from what is recorded to what the program wants."""
