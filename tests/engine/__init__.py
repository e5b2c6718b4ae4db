"""Tests of the stages that decide: pure values in, pure values out."""
