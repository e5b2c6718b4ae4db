"""What several rooms of tests use: an estate of one platform, its transport, values of fields."""
