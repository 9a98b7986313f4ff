"""The documents: those that are made from the code, and the tests that hold all of them to it."""
