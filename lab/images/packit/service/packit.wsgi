from packit_service.service.app import application  # noqa: F401
