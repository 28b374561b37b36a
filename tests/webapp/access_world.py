"""One lab with a row of everything, and everybody who may or may not see it."""

import base64
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from tests.worlds import QUICK, QUICK_STUDY, make_dataset, make_pool, make_study, queue_run
from webapp.accounts.models import ApiToken, Lab, Membership, Person
from webapp.accounts.services import create_token
from webapp.accounts.services.invitations import invite
from webapp.core import storage
from webapp.core.permissions import ROLES, Scope
from webapp.datasets.models import DatasetVersion, Upload
from webapp.exports.models import Export
from webapp.gallery.models import AcceptTarget, BlindTest, Edit, Pool, Sample, Selection
from webapp.gallery.services.blind import answer_trial, begin_blind_test
from webapp.recipes.services import create_recipe
from webapp.runs.models import Run, RunEvent

SECRET_WORD = "Sphenodon"
STEP, CODE = 10, "code_1"


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks. `role` is theirs in the lab, None when not in it."""

    name: str
    client: APIClient
    person: Person | None = None
    role: str | None = None
    scopes: tuple[str, ...] | None = None
    """What their token may do; None without a token."""
    header: str = ""
    """The Authorization of their token."""
    is_refused: bool = False
    """They send something that says who they are, and it is not good any more."""
    is_staff: bool = False


class World:
    """Everything in it is made as the product makes it."""

    def __init__(self) -> None:
        self.lab = Lab.objects.create(name=f"{SECRET_WORD} lab")
        self.other_lab = Lab.objects.create(name="Other lab")
        self.any_id = str(uuid.uuid4())
        self.visitors = [*self._people(), *self._tokens()]
        self.version = self._dataset()
        self.run = self._run()
        self.pool: Pool = self.run.pool
        self.sample = Sample.objects.filter(pool=self.pool).order_by("index")[0]
        self.selection = Selection.objects.get(pool=self.pool)
        self.edit = self._edit()
        self.study = make_study(self.version, None, name=f"{SECRET_WORD} study")
        self.export = self._export()
        self.blind_test = self._blind_test()
        self.target = AcceptTarget.objects.create(pool=self.pool, wanted={"bar": 1}, base={"bar": 0}, max_drawn=20)
        self.recipe = create_recipe(self.lab, None, QUICK, name=f"{SECRET_WORD} recipe")
        self.member = self._person("is about to be removed", "viewer")
        giver = next(one.person for one in self.visitors if one.name == "owner")
        assert giver is not None
        self.token, _ = create_token(giver, "of the lab", days=1, lab=self.lab)
        self.invitation, _ = invite(self.lab, giver, role="viewer", email="", days=1, max_uses=1)
        for visitor in self.visitors:
            if visitor.person is not None and visitor.role is not None:
                Upload.objects.create(lab=self.lab, person=visitor.person, file_name=f"{SECRET_WORD}.zip", size_bytes=5)

    def remove_files(self) -> None:
        """What it has on disk."""
        folders = [storage.export_folder(self.export.pk, 1), storage.run_folder(self.run.pk, 1)]
        folders.append(storage.edit_folder(self.edit.pk, 1))
        for folder in (storage.lab_folder(self.lab.pk), *(folder.parent for folder in folders)):
            shutil.rmtree(folder)
        shutil.rmtree(storage.upload_file(self.run.pk).parent, ignore_errors=True)

    # --- rows -----------------------------------------------------------------------------------------------
    def _dataset(self) -> DatasetVersion:
        version = make_dataset(self.lab)
        version.dataset.name = f"{SECRET_WORD} images"
        version.dataset.save()
        for image in version.images.all():
            thumbnail = storage.thumbnail_file(self.lab.pk, image.sha256)
            thumbnail.parent.mkdir(parents=True, exist_ok=True)
            thumbnail.write_bytes(b"RIFF")
        # the half A of the first image is the second one's file
        A = version.images.get(index=1)
        version.images.filter(index=0).update(pair_name="A", pair_sha256=A.sha256, pair_suffix=A.suffix)
        return version

    def _run(self) -> Run:
        run = make_pool(queue_run(self.version, None)).run
        Run.objects.filter(pk=run.pk).update(name=f"{SECRET_WORD} run")
        for kind, about in (("run.previewed", {"step": STEP}), ("run.swept", {"name": CODE})):
            picture = storage.run_folder(run.pk, 1) / f"{kind}.png"
            picture.write_bytes(b"\x89PNG")
            data = {**about, "url": "", "rows": []}
            RunEvent.objects.create(
                run=run, seq=RunEvent.objects.count() + 1000, type=kind, data=data, path=storage.relative(picture)
            )
        return Run.objects.get(pk=run.pk)

    def _edit(self) -> Edit:
        edit = Edit.objects.create(run=self.run, image=0, attributes=["bar"], state=Edit.State.FINISHED)
        sheet = storage.edit_folder(edit.pk, 1) / "sheet.png"
        sheet.parent.mkdir(parents=True)
        sheet.write_bytes(b"\x89PNG")
        Edit.objects.filter(pk=edit.pk).update(path=storage.relative(sheet))
        return edit

    def _blind_test(self) -> BlindTest:
        taker = next(one.person for one in self.visitors if one.name == "owner")
        assert taker is not None
        test = begin_blind_test(self.pool, taker, 20)
        for place in range(20):
            test = answer_trial(test, place, "real")
        return test

    def _export(self) -> Export:
        export = Export.objects.create(
            version=self.version, selection=self.selection, state=Export.State.READY, sha256="a" * 64
        )
        file = storage.export_folder(export.pk, 1) / "export.zip"
        file.parent.mkdir(parents=True)
        file.write_bytes(b"PK")
        Export.objects.filter(pk=export.pk).update(path=storage.relative(file))
        return export

    # --- people ---------------------------------------------------------------------------------------------
    def _people(self) -> list[Visitor]:
        left, gone = self._person("has left the lab"), self._person("is deactivated", "owner")
        Membership.objects.create(lab=self.lab, person=left, role="owner").delete()
        other, none = self._person("is in another lab"), self._person("is in no lab")
        Membership.objects.create(lab=self.other_lab, person=other, role="owner")
        staff = self._person("is server staff", is_staff=True)
        visitors = [Visitor("nobody", APIClient()), *(self._visitor(self._person(role, role)) for role in ROLES)]
        visitors += [self._visitor(person) for person in (left, other, none)]
        visitors += [self._visitor(staff, is_staff=True), self._visitor(gone, is_refused=True)]
        Person.objects.filter(pk=gone.pk).update(is_active=False)
        return visitors

    def _tokens(self) -> list[Visitor]:
        """Tokens of somebody who owns both labs, so that only the token can be what refuses."""
        person = self._person("owner of both", "owner")
        Membership.objects.create(lab=self.other_lab, person=person, role="owner")
        found = [self._token("token that only reads", person, ())]
        found += [self._token(f"token for {scope}", person, (scope,)) for scope in Scope.values]
        found.append(self._token("token for this lab", person, tuple(Scope.values), lab=self.lab))
        found.append(self._token("token for another lab", person, tuple(Scope.values), lab=self.other_lab, role=None))
        for name, spoilt in (("expired", "expires_at"), ("revoked", "revoked_at")):
            found.append(self._token(f"{name} token", person, tuple(Scope.values), is_refused=True))
            past = timezone.now() - timedelta(seconds=1)
            ApiToken.objects.filter(name=f"{name} token").update(**{spoilt: past})
        return found

    def _person(self, name: str, role: str | None = None, **values: Any) -> Person:
        address = f"{name.replace(' ', '.')}@{SECRET_WORD}.example"
        person = Person.objects.create(email=address.lower(), name=name, password="!", **values)
        if role is not None:
            Membership.objects.create(lab=self.lab, person=person, role=role)
        return person

    def _visitor(self, person: Person, **values: Any) -> Visitor:
        client = APIClient()
        client.force_login(person)
        role = Membership.objects.filter(lab=self.lab, person=person).values_list("role", flat=True).first()
        return Visitor(person.name, client, person, role, **values)

    def _token(
        self, name: str, person: Person, scopes: tuple[str, ...], lab: Lab | None = None, **values: Any
    ) -> Visitor:
        header = "Token " + create_token(person, name, scopes=scopes, days=1, lab=lab)[1]
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=header)
        return Visitor(name, client, person, **{"role": "owner", "scopes": scopes, "header": header, **values})

    # --- addresses ------------------------------------------------------------------------------------------
    def ids(self, visitor: Visitor) -> dict[str, Callable[[], Any]]:
        """First part of a route -> the id of such a row of the lab; of the visitor's own, where rows are one's own."""
        return {
            "labs": lambda: self.lab.pk,
            "people": lambda: self.member.pk,
            "persons": lambda: next(one.person.pk for one in self.visitors if one.person and one.role == "viewer"),
            "datasets": lambda: self.version.dataset_id,
            "versions": lambda: self.version.pk,
            "recipes": lambda: self.recipe.pk,
            "runs": lambda: self.run.pk,
            "pools": lambda: self.pool.pk,
            "samples": lambda: self.sample.pk,
            "selections": lambda: self.selection.pk,
            "edits": lambda: self.edit.pk,
            "blind-tests": lambda: self.blind_test.pk,
            "targets": lambda: self.target.pk,
            "studies": lambda: self.study.pk,
            "exports": lambda: self.export.pk,
            "uploads": lambda: self.upload_of(visitor).pk,
            "tokens": lambda: self._token_of(visitor).pk,
        }

    def upload_of(self, visitor: Visitor) -> Upload:
        """Their own, or somebody else's where they have none."""
        own = Upload.objects.filter(person=visitor.person).first() if visitor.person else None
        return own or Upload.objects.order_by("pk")[0]

    def _token_of(self, visitor: Visitor) -> ApiToken:
        own = ApiToken.objects.filter(person=visitor.person, revoked_at=None).first() if visitor.person else None
        return own or ApiToken.objects.filter(revoked_at=None)[0]

    def new_dataset(self) -> dict[str, Any]:
        """A body that names the lab."""
        return {"lab": str(self.lab.pk), "name": "Another", "upload": self.any_id}

    def new_study(self) -> dict[str, Any]:
        """A body that names the version."""
        return {"version": str(self.version.pk), **QUICK_STUDY}

    def new_import(self) -> dict[str, Any]:
        """A body of an import into the version."""
        asked = {"model_name": "elsewhere", "resolution": 16, "sampler": "random"}
        return {"version": str(self.version.pk), "upload": self.any_id, "budget": QUICK["budget"], **asked}

    def metadata(self) -> str:
        """The Upload-Metadata of a new upload."""
        words = {"filename": "a.zip", "lab": str(self.lab.pk)}
        return ",".join(f"{name} {base64.b64encode(word.encode()).decode()}" for name, word in words.items())
