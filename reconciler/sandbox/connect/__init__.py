"""JFrog Connect in memory: fleets of devices that execute deployments over simulated time."""
