"""Plans, outcomes and drift in, one HTML page out: nothing of it is fetched from anywhere."""
