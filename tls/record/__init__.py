"""The record protocol and the protection of records."""
