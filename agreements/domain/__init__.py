"""The life of an agreement as data: pure rules over plain values. Standard library only."""
