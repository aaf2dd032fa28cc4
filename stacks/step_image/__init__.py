"""The container image of the steps: dependencies only, built from the lock and used by digest."""
