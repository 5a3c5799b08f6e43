"""Takes the place of Packit's package in the images of its service and its workers."""
