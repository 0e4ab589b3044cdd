"""Single connections of a study, looked at again: as packets, as text and as a ladder."""
