"""Tests of the stages that talk to a platform."""
