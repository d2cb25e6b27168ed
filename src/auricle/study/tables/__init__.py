"""What a study found, as tables: pure functions of the store's tables and maps, one file a question."""
