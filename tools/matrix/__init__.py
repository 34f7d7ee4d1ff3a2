"""The course run with other versions of the packages it stands on."""
