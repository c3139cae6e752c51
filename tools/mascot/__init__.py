"""The mascot: a little ghost that no model has ever seen, for showing that training works."""
