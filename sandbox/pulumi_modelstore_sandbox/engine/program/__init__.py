"""Running the program, and answering what the SDK asks of an engine."""
