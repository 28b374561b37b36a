"""`manage.py owner`: names an owner of a lab at the server, for a lab that nobody manages any more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from webapp.accounts.models import Person
from webapp.accounts.selectors import all_labs, lab_by_name
from webapp.accounts.services.labs import name_owner
from webapp.core.commands import PlainCommand


class Command(PlainCommand):
    help = "Makes somebody with an account an owner of a lab; the lab's log says that it was done at the server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("lab", help="name of the lab")
        parser.add_argument("email", help="e-mail address of the account")

    def handle(self, *args: Any, **options: Any) -> None:
        lab = lab_by_name(options["lab"])
        if lab is None:
            names = ", ".join(repr(one.name) for one in all_labs()) or "none"
            raise CommandError(f"There is no lab called {options['lab']!r}; there are: {names}.")
        person = Person.objects.filter(email=options["email"].strip().lower()).first()
        if person is None:
            raise CommandError(
                f"Nobody has an account with {options['email']}; make it first: manage.py createsuperuser."
            )
        if not person.is_active:
            raise CommandError(f"{person.name} is shut out of this server; let them in first, or name somebody else.")
        name_owner(lab, person)
        self.stdout.write(f"{person.name} is an owner of {lab.name}.")
