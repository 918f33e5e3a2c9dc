"""A page that answers with another status than 200, such as a form whose fields have to be put right."""

from flask import Blueprint

from api.web.pages import respond


class Refused(Exception):
    """The page that tells what is wrong, and its status."""

    def __init__(self, html: str, status: int):
        super().__init__(status)
        self.html, self.status = html, status


def tell_refusals(blueprint: Blueprint) -> None:
    """Let the pages of a blueprint answer by raising Refused."""
    blueprint.register_error_handler(Refused, lambda refused: respond(refused.html, status=refused.status))
